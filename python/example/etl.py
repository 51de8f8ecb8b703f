"""Counts how often each song was played on each day: from JSON in S3 to a table, and its totals back to S3."""

import os

import boto3
import redshift_connector


def load_day(connection, source):
    """Loads what is under ``source`` and counts it; a day that is loaded again replaces what was counted of it."""
    cursor = connection.cursor()
    cursor.execute("delete from staging_plays")
    cursor.execute(f"copy staging_plays from '{source}' iam_role default format json 'auto' timeformat 'auto'")
    cursor.execute("delete from daily_plays using staging_plays s where daily_plays.day = trunc(s.at)")
    cursor.execute("""
        insert into daily_plays
        select trunc(at), song, count(*), sum(seconds) / 60
        from staging_plays
        where song is not null
        group by 1, 2
    """)
    connection.commit()


def publish(connection, bucket):
    """Writes the days' totals to ``bucket`` and returns the keys."""
    connection.cursor().execute(f"""
        unload ('select day, sum(plays) as plays from daily_plays group by 1 order by 1')
        to 's3://{bucket}/totals_' iam_role default csv header parallel off allowoverwrite
    """)
    connection.commit()
    listed = boto3.client("s3").list_objects_v2(Bucket=bucket)
    return [found["Key"] for found in listed.get("Contents", [])]


def main():
    """Runs the job as a schedule does, with all that it needs in the environment."""
    connection = redshift_connector.connect(
        host=os.environ["PGHOST"],
        port=int(os.environ["PGPORT"]),
        database=os.environ["PGDATABASE"],
        user=os.environ["PGUSER"],
        password=os.environ["PGPASSWORD"],
        ssl=os.environ.get("PGSSLMODE") != "disable",
    )
    load_day(connection, os.environ["SOURCE"])
    publish(connection, os.environ["TARGET"])


if __name__ == "__main__":
    main()
