import configparser

import psycopg2

from sql_queries import create, set_up

config = configparser.ConfigParser()
config.read("dwh.cfg")
dwh = config["DWH"]

with psycopg2.connect(host=dwh["dwh_host"], dbname=dwh["dwh_db"], user=dwh["dwh_user"], password=dwh["dwh_password"], port=dwh["dwh_port"]) as conn:
    with conn.cursor() as cur:
        for query in set_up + create:
            cur.execute(query)
conn.close()
