"""How clusters stand at this moment: nodes and pods by state, between two diagnoses of patrol."""
