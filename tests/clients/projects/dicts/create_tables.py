import configparser
import psycopg2
from sql_queries import tables


def connect():
    config = configparser.ConfigParser()
    config.read('dwh.cfg')
    conn = psycopg2.connect("host={} dbname={} user={} password={} port={}".format(*config['CLUSTER'].values()))
    return conn, conn.cursor()


if __name__ == '__main__':
    conn, cur = connect()
    for name in reversed(list(tables)):
        cur.execute('DROP TABLE IF EXISTS {} CASCADE'.format(name))
    for name, columns in tables.items():
        cur.execute('CREATE TABLE IF NOT EXISTS {} {}'.format(name, columns))
    conn.commit()
    conn.close()
