"""What stands between outside text and models, logs and people: no secret passes, no text gives orders."""
