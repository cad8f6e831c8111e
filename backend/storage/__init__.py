"""The database: tables, migrations, and the stores that the features ask for."""
