"""The state of one host: files, disks, processes, units, logs, clock. Commands read and change it; no shell here."""
