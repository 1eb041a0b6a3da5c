"""Facts in and out: packs of CSV files. No HTTP."""
