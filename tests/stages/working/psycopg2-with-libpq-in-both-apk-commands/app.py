import psycopg2

psycopg2.connect("")
