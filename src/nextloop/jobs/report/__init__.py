"""The report: one page that opens anywhere, with what the chain gave and how it was measured."""
