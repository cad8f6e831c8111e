"""The class of every labelled command."""

from unit_command_safety_labelled import read_labelled
