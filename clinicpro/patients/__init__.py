"""Patients: name, NHI, date of birth."""
