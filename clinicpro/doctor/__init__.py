"""The doctor: one line for each thing the program needs, and what to do where it is not well."""
