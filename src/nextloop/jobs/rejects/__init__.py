"""What became of rows that broke the contract: listed, shown, and read again."""
