"""The form that starts a consultation."""

from __future__ import annotations

from clinicpro.patients.forms import PatientForm


class StartForm(PatientForm):
    """Whose consultation it is; a patient seen before is found by NHI."""
