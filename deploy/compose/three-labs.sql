-- A database for each lab; the image of PostgreSQL runs this once, when it makes its data.
CREATE DATABASE north;
CREATE DATABASE south;
CREATE DATABASE east;
