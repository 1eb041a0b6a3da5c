"""The database: records, transactions, and the ledger through which every write goes."""
