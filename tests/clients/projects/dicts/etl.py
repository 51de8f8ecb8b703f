from create_tables import connect
from sql_queries import copies, inserts

if __name__ == '__main__':
    conn, cur = connect()
    for query in copies + list(inserts.values()):
        cur.execute(query)
        conn.commit()
    for table in inserts:
        cur.execute('SELECT COUNT(*) FROM ' + table)
        print(table, *cur.fetchone())
    conn.close()
