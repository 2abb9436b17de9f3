"""ClinicPro Clinical Images."""
