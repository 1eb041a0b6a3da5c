"""What people see: the first page, the interactive API page and the files that both need."""
