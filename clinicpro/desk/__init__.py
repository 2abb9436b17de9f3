"""The GP's screens, composed of the rooms' fragments."""
