import configparser

import psycopg2

from sql_queries import copy, insert

config = configparser.ConfigParser()
config.read("dwh.cfg")
dwh = config["DWH"]

conn = psycopg2.connect(host=dwh["dwh_host"], dbname=dwh["dwh_db"], user=dwh["dwh_user"], password=dwh["dwh_password"], port=dwh["dwh_port"])
conn.set_session(autocommit=True)
with conn.cursor() as cur:
    for query in copy + insert:
        cur.execute(query)
    cur.execute("select count(*) from stl_load_errors")
    assert cur.fetchone()[0] == 0
    cur.execute("select pg_last_copy_count()")
    print("songs:", cur.fetchone()[0])
conn.close()
