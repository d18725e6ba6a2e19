#!/bin/sh
# Runs once, when MySQL's volume is new: the databases and who may do what in them.
# Only the migration's user may change tables. Passwords come from the init service.
set -e
MYSQL_PWD=$MYSQL_ROOT_PASSWORD mysql --user=root <<SQL
CREATE DATABASE newsreel CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE DATABASE newsreel_demo CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE USER newsreel_owner IDENTIFIED BY '$(cat /run/newsreel/owner_password)';
GRANT ALL ON newsreel.* TO newsreel_owner;
GRANT ALL ON newsreel_demo.* TO newsreel_owner;
CREATE USER newsreel IDENTIFIED BY '$(cat /run/newsreel/password)';
GRANT SELECT, INSERT, UPDATE, DELETE ON newsreel.* TO newsreel;
GRANT SELECT, INSERT, UPDATE, DELETE ON newsreel_demo.* TO newsreel;
SQL
