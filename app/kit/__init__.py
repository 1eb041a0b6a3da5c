"""Small mechanisms that know no resource and no HTTP."""
