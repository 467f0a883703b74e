"""The command line: the one door to every job, for people, make, CI and Airflow."""
