"""What is wrong with an agency's installation, and what to do: one small file for each part looked at."""
