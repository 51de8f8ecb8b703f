import java.math.BigDecimal;
import java.sql.*;
import java.util.*;

/** What a JDBC client asks of a warehouse: statements, batches, a cursor, the catalog, errors. */
public class Jdbc {
    static void same(Object found, Object wanted) {
        if (!Objects.equals(found, wanted)) throw new AssertionError(found + " is not " + wanted);
    }

    static List<String> column(ResultSet rows, String... names) throws SQLException {
        List<String> found = new ArrayList<>();
        try (rows) {
            while (rows.next()) {
                List<String> values = new ArrayList<>();
                for (String name : names) values.add(rows.getString(name));
                found.add(String.join(" ", values));
            }
        }
        return found;
    }

    public static void main(String[] arguments) throws Exception {
        try (Connection connection = DriverManager.getConnection(arguments[0], "admin", "Passw0rd99"); Statement statement = connection.createStatement()) {
            DatabaseMetaData catalog = connection.getMetaData();
            same(catalog.getDatabaseProductVersion(), "8.0.2");
            statement.execute("create table artists (artist_id int primary key, name varchar(40))");
            statement.execute("create table songs (song_id int primary key, artist_id int references artists, price decimal(10,2), at timestamp, ok boolean, day date)");
            same(column(catalog.getTables(null, "public", "%", new String[] {"TABLE"}), "TABLE_NAME"), List.of("artists", "songs"));
            same(column(catalog.getColumns(null, "public", "artists", "%"), "COLUMN_NAME", "TYPE_NAME", "COLUMN_SIZE"), List.of("artist_id int4 10", "name varchar 40"));
            same(column(catalog.getPrimaryKeys(null, "public", "songs"), "COLUMN_NAME", "PK_NAME"), List.of("song_id songs_pkey"));
            same(column(catalog.getSchemas(), "TABLE_SCHEM").contains("public"), true);

            connection.setAutoCommit(false);
            try (PreparedStatement insert = connection.prepareStatement("insert into songs values (?, ?, ?, ?, ?, ?)")) {
                for (int n = 0; n < 500; n++) {
                    insert.setInt(1, n);
                    insert.setInt(2, n % 7);
                    insert.setBigDecimal(3, new BigDecimal("1.25"));
                    insert.setTimestamp(4, Timestamp.valueOf("2018-11-30 01:02:03.456"));
                    insert.setBoolean(5, n % 2 == 0);
                    insert.setDate(6, java.sql.Date.valueOf("2018-11-30"));
                    insert.addBatch();
                }
                same(insert.executeBatch().length, 500);
            }
            connection.commit();
            // Often enough that the driver goes over to prepared statements and binary values.
            try (PreparedStatement query = connection.prepareStatement("select count(*), sum(price), max(at), max(day), bool_or(ok) from songs where song_id < ?")) {
                for (int n = 1; n < 12; n++) {
                    query.setInt(1, n);
                    try (ResultSet rows = query.executeQuery()) {
                        rows.next();
                        same(rows.getLong(1), (long) n);
                        same(rows.getBigDecimal(2), new BigDecimal("1.25").multiply(new BigDecimal(n)));
                        same(rows.getTimestamp(3), Timestamp.valueOf("2018-11-30 01:02:03.456"));
                        same(rows.getDate(4), java.sql.Date.valueOf("2018-11-30"));
                        same(rows.getBoolean(5), true);
                    }
                }
            }
            statement.setFetchSize(30);
            same(column(statement.executeQuery("select song_id from songs order by song_id"), "song_id").size(), 500);
            // A large result that is left half-read does not keep the connection.
            try (PreparedStatement half = connection.prepareStatement("select generate_series as n from generate_series(1, 200000)")) {
                half.setFetchSize(30);
                ResultSet rows = half.executeQuery();
                rows.next();
                same(column(statement.executeQuery("select 1 as one"), "one"), List.of("1"));
                int count = 1;
                while (rows.next()) count++;
                same(count, 200000);
            }
            statement.executeUpdate("delete from songs");
            connection.rollback();
            same(column(statement.executeQuery("select count(*) as n from songs"), "n"), List.of("500"));
            try {
                statement.executeQuery("select * from nowhere");
                throw new AssertionError("there is no such table");
            } catch (SQLException error) {
                same(error.getSQLState(), "42P01");
            }
            connection.rollback();
        }
        System.out.println("JDBC: all as it should be");
    }
}
