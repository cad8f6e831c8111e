"""Log lines of one or many containers: filtered, merged by time, cut to a budget."""
