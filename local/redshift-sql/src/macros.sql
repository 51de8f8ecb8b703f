-- Redshift's functions in DuckDB's words. A macro of a name that DuckDB knows too comes before it in the search path.
-- Arguments have types only where one name means several functions.

SET search_path = 'redshift_system';

-- The zone of the session; nothing is computed for one in UTC, since DuckDB knows the variable beforehand.
CREATE OR REPLACE MACRO redshift_system.redshift_zone_name() AS CAST(getvariable('redshift_zone') AS VARCHAR);
CREATE OR REPLACE MACRO redshift_system.redshift_local(t) AS CASE WHEN redshift_zone_name() IS NULL THEN CAST(t AS TIMESTAMP)
    ELSE CAST(redshift_from_utc(redshift_zone_name(), CAST(CAST(t AS TIMESTAMP) AS VARCHAR)) AS TIMESTAMP) END;
CREATE OR REPLACE MACRO redshift_system.redshift_zoned(t) AS CASE WHEN redshift_zone_name() IS NULL THEN CAST(t AS TIMESTAMPTZ)
    ELSE CAST(CAST(redshift_to_utc(redshift_zone_name(), CAST(CAST(t AS TIMESTAMP) AS VARCHAR)) AS TIMESTAMP) AS TIMESTAMPTZ) END;
CREATE OR REPLACE MACRO redshift_system.redshift_zoned_written(s) AS
    CASE WHEN redshift_zone_name() IS NULL THEN s ELSE redshift_zone_written(redshift_zone_name(), s) END;
CREATE OR REPLACE MACRO redshift_system.redshift_zoned_text(t) AS redshift_zoned_written(CAST(t AS VARCHAR));
CREATE OR REPLACE MACRO redshift_system.redshift_zoned_to_char(t, f) AS CASE WHEN redshift_zone_name() IS NULL
    THEN redshift_to_char_time(CAST(t AS VARCHAR), f) ELSE redshift_zone_to_char(redshift_zone_name(), CAST(CAST(t AS TIMESTAMP) AS VARCHAR), f) END;
CREATE OR REPLACE MACRO redshift_system.redshift_time_text(v) AS
    CASE WHEN redshift_zone_name() IS NULL THEN redshift_normal_time(v) ELSE redshift_zone_normal_time(redshift_zone_name(), v) END;
CREATE OR REPLACE MACRO redshift_system.redshift_zoned_time_text(v) AS
    CASE WHEN redshift_zone_name() IS NULL THEN redshift_normal_zoned_time(v) ELSE redshift_zone_normal_zoned_time(redshift_zone_name(), v) END;

-- What a cast to a text writes: a float in as many digits as are sure, a text in a SUPER without quotes, and nothing for
-- what is no scalar there.
CREATE OR REPLACE MACRO redshift_system.redshift_scalar(json) AS
    CASE WHEN json[1] IN ('{', '[') THEN NULL ELSE json_extract_string(json, '$') END;
CREATE OR REPLACE MACRO redshift_system.redshift_float_text(v, form) AS CASE
    WHEN isfinite(v) THEN format(form, v) WHEN isnan(v) THEN 'NaN' WHEN v > 0 THEN 'Infinity' WHEN v < 0 THEN '-Infinity' END;
CREATE OR REPLACE MACRO redshift_system.redshift_text(v) AS CASE typeof(v)
    -- DuckDB computes what is constant beforehand, also in a branch that is not taken: what is no JSON must not be read as it.
    WHEN 'JSON' THEN redshift_scalar(CASE typeof(v) WHEN 'JSON' THEN CAST(v AS VARCHAR) END)
    WHEN 'DOUBLE' THEN redshift_float_text(TRY_CAST(CAST(v AS VARCHAR) AS DOUBLE), '{:.15g}')
    WHEN 'FLOAT' THEN redshift_float_text(TRY_CAST(CAST(v AS VARCHAR) AS DOUBLE), '{:.6g}')
    WHEN 'TIMESTAMP WITH TIME ZONE' THEN redshift_zoned_written(CAST(v AS VARCHAR))
    WHEN 'INTERVAL' THEN redshift_interval_shown(CASE typeof(v) WHEN 'INTERVAL' THEN CAST(v AS VARCHAR) END)
    ELSE CAST(v AS VARCHAR) END;
-- Whether a value is this literal, blanks behind it aside. Such texts lie between it and `past`, which is it and the sign
-- after a blank: DuckDB looks for them where they can be, and cuts few. In a SUPER only a text is one.
CREATE OR REPLACE MACRO redshift_system.redshift_is(v VARCHAR, wanted VARCHAR, past, kind) AS
        CASE WHEN kind = 'JSON' THEN json_type(CASE WHEN kind = 'JSON' THEN v END) = 'VARCHAR' AND json_extract_string(CASE WHEN kind = 'JSON' THEN v END, '$') = wanted
             ELSE v >= wanted AND v < past AND system.main.rtrim(v, ' ') = wanted END,
    (v, wanted, past, kind) AS v = wanted;
CREATE OR REPLACE MACRO redshift_system.redshift_is_text(v, wanted, past) AS
    v >= wanted AND v < past AND system.main.rtrim(v, ' ') = wanted;
CREATE OR REPLACE MACRO redshift_system.redshift_is_super(v, wanted) AS
    json_type(v) = 'VARCHAR' AND json_extract_string(v, '$') = wanted;
-- Few texts end with a blank, and looking is cheaper than cutting.
CREATE OR REPLACE MACRO redshift_system.redshift_trimmed(v) AS
    CASE WHEN ends_with(v, ' ') THEN system.main.rtrim(v, ' ') ELSE v END;
CREATE OR REPLACE MACRO redshift_system.redshift_compare(a, b) AS
    CASE WHEN a < b THEN -1 WHEN a > b THEN 1 WHEN a = b THEN 0 END;

-- Strings
CREATE OR REPLACE MACRO redshift_system.len(s) AS CAST(system.main.length(CAST(s AS VARCHAR)) AS INTEGER);
CREATE OR REPLACE MACRO redshift_system.length(s) AS CAST(system.main.length(CAST(s AS VARCHAR)) AS INTEGER);
CREATE OR REPLACE MACRO redshift_system.char_length(s) AS CAST(system.main.length(CAST(s AS VARCHAR)) AS INTEGER);
CREATE OR REPLACE MACRO redshift_system.character_length(s) AS CAST(system.main.length(CAST(s AS VARCHAR)) AS INTEGER);
CREATE OR REPLACE MACRO redshift_system.textlen(s) AS CAST(system.main.length(CAST(s AS VARCHAR)) AS INTEGER);
CREATE OR REPLACE MACRO redshift_system.octet_length(s) AS CAST(system.main.strlen(CAST(s AS VARCHAR)) AS INTEGER);
CREATE OR REPLACE MACRO redshift_system.concat(a, b) AS CAST(a AS VARCHAR) || CAST(b AS VARCHAR);
CREATE OR REPLACE MACRO redshift_system.strpos(s, part) AS CAST(system.main.strpos(CAST(s AS VARCHAR), CAST(part AS VARCHAR)) AS INTEGER);
CREATE OR REPLACE MACRO redshift_system.charindex(part, s) AS CAST(system.main.strpos(CAST(s AS VARCHAR), CAST(part AS VARCHAR)) AS INTEGER);
CREATE OR REPLACE MACRO redshift_system.lower(s) AS system.main.lower(CAST(s AS VARCHAR));
CREATE OR REPLACE MACRO redshift_system.upper(s) AS system.main.upper(CAST(s AS VARCHAR));
CREATE OR REPLACE MACRO redshift_system.reverse(s) AS system.main.reverse(CAST(s AS VARCHAR));
CREATE OR REPLACE MACRO redshift_system.ascii(s) AS system.main.ascii(CAST(s AS VARCHAR));
CREATE OR REPLACE MACRO redshift_system.translate(s, a, b) AS system.main.translate(CAST(s AS VARCHAR), a, b);
CREATE OR REPLACE MACRO redshift_system.md5(s) AS system.main.md5(CAST(s AS VARCHAR));
CREATE OR REPLACE MACRO redshift_system.sha1(s) AS system.main.sha1(CAST(s AS VARCHAR));
CREATE OR REPLACE MACRO redshift_system.ltrim(s) AS system.main.ltrim(CAST(s AS VARCHAR)), (s, signs) AS system.main.ltrim(CAST(s AS VARCHAR), signs);
CREATE OR REPLACE MACRO redshift_system.rtrim(s) AS system.main.rtrim(CAST(s AS VARCHAR)), (s, signs) AS system.main.rtrim(CAST(s AS VARCHAR), signs);
CREATE OR REPLACE MACRO redshift_system.trim(s) AS system.main.trim(CAST(s AS VARCHAR)), (s, signs) AS system.main.trim(CAST(s AS VARCHAR), signs);
CREATE OR REPLACE MACRO redshift_system.bpcharcmp(a, b) AS redshift_compare(system.main.rtrim(CAST(a AS VARCHAR), ' '), system.main.rtrim(CAST(b AS VARCHAR), ' '));
CREATE OR REPLACE MACRO redshift_system.bttext_pattern_cmp(a, b) AS redshift_compare(CAST(a AS VARCHAR), CAST(b AS VARCHAR));
CREATE OR REPLACE MACRO redshift_system.left(s, n) AS system.main.left(CAST(s AS VARCHAR), n);
CREATE OR REPLACE MACRO redshift_system.right(s, n) AS system.main.right(CAST(s AS VARCHAR), n);
-- What grows. DuckDB's own functions make short answers only: whatever is constant it computes beforehand, also in a
-- branch of a CASE that is not taken, so that their arguments are bounded as well.
CREATE OR REPLACE MACRO redshift_system.repeat(s, n) AS
    CASE WHEN strlen(CAST(s AS VARCHAR)) * greatest(CAST(n AS BIGINT), 0) <= 65535
    THEN system.main.repeat(CAST(s AS VARCHAR), least(CAST(n AS BIGINT), 65535 // greatest(strlen(CAST(s AS VARCHAR)), 1)))
    ELSE redshift_repeat(CAST(s AS VARCHAR), CAST(n AS VARCHAR)) END;
CREATE OR REPLACE MACRO redshift_system.replace(s, a, b) AS
    CASE WHEN strlen(CAST(s AS VARCHAR)) * strlen(CAST(b AS VARCHAR)) <= 65535
    THEN system.main.replace(
        CASE WHEN strlen(CAST(s AS VARCHAR)) * strlen(CAST(b AS VARCHAR)) <= 65535 THEN CAST(s AS VARCHAR) END,
        CAST(a AS VARCHAR), CAST(b AS VARCHAR))
    ELSE redshift_replace(CAST(s AS VARCHAR), CAST(a AS VARCHAR), CAST(b AS VARCHAR)) END;
CREATE OR REPLACE MACRO redshift_system.split_part(s, d, n) AS system.main.split_part(CAST(s AS VARCHAR), d, n);
CREATE OR REPLACE MACRO redshift_system.substring(s, start) AS system.main.substring(CAST(s AS VARCHAR), greatest(CAST(start AS BIGINT), 1)),
    (s, start, n) AS CASE WHEN start < 1 THEN system.main.left(CAST(s AS VARCHAR), greatest(CAST(start + n - 1 AS BIGINT), 0))
                     ELSE system.main.substring(CAST(s AS VARCHAR), CAST(start AS BIGINT), CAST(n AS BIGINT)) END;
CREATE OR REPLACE MACRO redshift_system.substr(s, start) AS redshift_system.substring(s, start), (s, start, n) AS redshift_system.substring(s, start, n);
CREATE OR REPLACE MACRO redshift_system.octetindex(part, s) AS
    CASE system.main.strpos(s, part) WHEN 0 THEN 0
    ELSE system.main.strlen(system.main.left(s, system.main.strpos(s, part) - 1)) + 1 END;
CREATE OR REPLACE MACRO redshift_system.replicate(s, n) AS redshift_system.repeat(s, n);
CREATE OR REPLACE MACRO redshift_system.initcap(s) AS redshift_initcap(CAST(s AS VARCHAR));
CREATE OR REPLACE MACRO redshift_system.btrim(s) AS system.main.trim(CAST(s AS VARCHAR)), (s, signs) AS system.main.trim(CAST(s AS VARCHAR), signs);
CREATE OR REPLACE MACRO redshift_system.redshift_pad_left(s, n, fill) AS
    CASE WHEN n <= 16384 THEN system.main.lpad(s, CAST(least(n, 16384) AS INTEGER), fill)
    ELSE redshift_lpad(s, CAST(n AS VARCHAR), fill) END;
CREATE OR REPLACE MACRO redshift_system.redshift_pad_right(s, n, fill) AS
    CASE WHEN n <= 16384 THEN system.main.rpad(s, CAST(least(n, 16384) AS INTEGER), fill)
    ELSE redshift_rpad(s, CAST(n AS VARCHAR), fill) END;
CREATE OR REPLACE MACRO redshift_system.lpad(s, n) AS redshift_system.redshift_pad_left(CAST(s AS VARCHAR), CAST(n AS BIGINT), ' '),
    (s, n, fill) AS redshift_system.redshift_pad_left(CAST(s AS VARCHAR), CAST(n AS BIGINT), CAST(fill AS VARCHAR));
CREATE OR REPLACE MACRO redshift_system.rpad(s, n) AS redshift_system.redshift_pad_right(CAST(s AS VARCHAR), CAST(n AS BIGINT), ' '),
    (s, n, fill) AS redshift_system.redshift_pad_right(CAST(s AS VARCHAR), CAST(n AS BIGINT), CAST(fill AS VARCHAR));
CREATE OR REPLACE MACRO redshift_system.quote_ident(s) AS
    CASE WHEN system.main.regexp_full_match(CAST(s AS VARCHAR), '[a-z_][a-z0-9_]*') THEN CAST(s AS VARCHAR)
    ELSE '"' || system.main.replace(CAST(s AS VARCHAR), '"', '""') || '"' END;
CREATE OR REPLACE MACRO redshift_system.quote_literal(s) AS
    '''' || system.main.replace(system.main.replace(CAST(s AS VARCHAR), '\', '\\'), '''', '''''') || '''';
CREATE OR REPLACE MACRO redshift_system.crc32(s) AS redshift_crc32(CAST(s AS VARCHAR));
CREATE OR REPLACE MACRO redshift_system.sha(s) AS system.main.sha1(CAST(s AS VARCHAR));
CREATE OR REPLACE MACRO redshift_system.func_sha1(s) AS system.main.sha1(CAST(s AS VARCHAR));
CREATE OR REPLACE MACRO redshift_system.sha2(s, bits) AS redshift_sha2(CAST(s AS VARCHAR), CAST(bits AS VARCHAR));
CREATE OR REPLACE MACRO redshift_system.strtol(s, base) AS
    CAST(redshift_strtol(CAST(s AS VARCHAR), CAST(base AS VARCHAR)) AS BIGINT);
CREATE OR REPLACE MACRO redshift_system.to_hex(n) AS system.main.lower(system.main.to_hex(n));
CREATE OR REPLACE MACRO redshift_system.soundex(s) AS redshift_soundex(CAST(s AS VARCHAR));
CREATE OR REPLACE MACRO redshift_system.difference(a, b) AS
    CAST(redshift_difference(CAST(a AS VARCHAR), CAST(b AS VARCHAR)) AS INTEGER);
CREATE OR REPLACE MACRO redshift_system.regexp_count(s, p) AS CAST(redshift_regexp_count(CAST(s AS VARCHAR), p, '1', '') AS INTEGER),
    (s, p, position) AS CAST(redshift_regexp_count(CAST(s AS VARCHAR), p, CAST(position AS VARCHAR), '') AS INTEGER),
    (s, p, position, flags) AS CAST(redshift_regexp_count(CAST(s AS VARCHAR), p, CAST(position AS VARCHAR), flags) AS INTEGER);
CREATE OR REPLACE MACRO redshift_system.regexp_instr(s, p) AS CAST(redshift_regexp_instr(CAST(s AS VARCHAR), p, '1', '1', '0', '') AS INTEGER),
    (s, p, position) AS CAST(redshift_regexp_instr(CAST(s AS VARCHAR), p, CAST(position AS VARCHAR), '1', '0', '') AS INTEGER),
    (s, p, position, n) AS CAST(redshift_regexp_instr(CAST(s AS VARCHAR), p, CAST(position AS VARCHAR), CAST(n AS VARCHAR), '0', '') AS INTEGER),
    (s, p, position, n, option) AS CAST(redshift_regexp_instr(CAST(s AS VARCHAR), p, CAST(position AS VARCHAR), CAST(n AS VARCHAR), CAST(option AS VARCHAR), '') AS INTEGER),
    (s, p, position, n, option, flags) AS CAST(redshift_regexp_instr(CAST(s AS VARCHAR), p, CAST(position AS VARCHAR), CAST(n AS VARCHAR), CAST(option AS VARCHAR), flags) AS INTEGER);
CREATE OR REPLACE MACRO redshift_system.regexp_replace(s, p) AS redshift_regexp_replace(CAST(s AS VARCHAR), p, '', '1', ''),
    (s, p, r) AS redshift_regexp_replace(CAST(s AS VARCHAR), p, r, '1', ''),
    (s, p, r, position) AS redshift_regexp_replace(CAST(s AS VARCHAR), p, r, CAST(position AS VARCHAR), ''),
    (s, p, r, position, flags) AS redshift_regexp_replace(CAST(s AS VARCHAR), p, r, CAST(position AS VARCHAR), flags);
CREATE OR REPLACE MACRO redshift_system.regexp_substr(s, p) AS redshift_regexp_substr(CAST(s AS VARCHAR), p, '1', '1', ''),
    (s, p, position) AS redshift_regexp_substr(CAST(s AS VARCHAR), p, CAST(position AS VARCHAR), '1', ''),
    (s, p, position, n) AS redshift_regexp_substr(CAST(s AS VARCHAR), p, CAST(position AS VARCHAR), CAST(n AS VARCHAR), ''),
    (s, p, position, n, flags) AS redshift_regexp_substr(CAST(s AS VARCHAR), p, CAST(position AS VARCHAR), CAST(n AS VARCHAR), flags);

-- Times. A text where a time is meant is read in all of Redshift's orders of day and month, and one in a SUPER without its
-- quotes.
CREATE OR REPLACE MACRO redshift_system.redshift_timestamp_of_text(v) AS CAST(redshift_time_text(system.main.trim(v, '"')) AS TIMESTAMP);
CREATE OR REPLACE MACRO redshift_system.redshift_time_of_text(v) AS CAST(redshift_normal_time_of_day(system.main.trim(v, '"')) AS TIME);
CREATE OR REPLACE MACRO redshift_system.redshift_timetz_of_text(v) AS CAST(redshift_normal_timetz(system.main.trim(v, '"')) AS TIMETZ);
CREATE OR REPLACE MACRO redshift_system.redshift_date_of_text(v) AS CAST(redshift_time_text(system.main.trim(v, '"')) AS DATE);
CREATE OR REPLACE MACRO redshift_system.redshift_timestamptz_of_text(v) AS CAST(redshift_zoned_time_text(system.main.trim(v, '"')) AS TIMESTAMPTZ);
-- The same of a value whose type is known to DuckDB alone.
CREATE OR REPLACE MACRO redshift_system.redshift_timestamp(v VARCHAR) AS CAST(redshift_time_text(system.main.trim(v, '"')) AS TIMESTAMP), (v TIMESTAMPTZ) AS redshift_local(v), (v) AS CAST(v AS TIMESTAMP);
CREATE OR REPLACE MACRO redshift_system.redshift_date(v VARCHAR) AS CAST(redshift_time_text(system.main.trim(v, '"')) AS DATE), (v TIMESTAMPTZ) AS CAST(redshift_local(v) AS DATE), (v) AS CAST(CAST(v AS TIMESTAMP) AS DATE);
CREATE OR REPLACE MACRO redshift_system.redshift_timestamptz(v VARCHAR) AS CAST(redshift_zoned_time_text(system.main.trim(v, '"')) AS TIMESTAMPTZ), (v TIMESTAMP) AS redshift_zoned(v), (v DATE) AS redshift_zoned(v), (v) AS v;
CREATE OR REPLACE MACRO redshift_system.redshift_time(v VARCHAR) AS redshift_time_of_text(v), (v TIMESTAMPTZ) AS CAST(redshift_local(v) AS TIME), (v) AS CAST(v AS TIME);
CREATE OR REPLACE MACRO redshift_system.redshift_timetz(v VARCHAR) AS redshift_timetz_of_text(v), (v TIME) AS CAST(v AS TIMETZ),
    (v TIMESTAMPTZ) AS CAST(CAST(CAST(v AS TIMESTAMP) AS TIME) AS TIMETZ), (v) AS v;
CREATE OR REPLACE MACRO redshift_system.redshift_instant(v TIME) AS v, (v VARCHAR) AS CAST(redshift_time_text(v) AS TIMESTAMP), (v TIMESTAMPTZ) AS redshift_local(v), (v) AS CAST(v AS TIMESTAMP);
-- What is cast to an integer; its type comes as a text, since a SUPER is one here.
CREATE OR REPLACE MACRO redshift_system.redshift_whole(v VARCHAR, kind, name) AS redshift_digits(v, kind, name), (v, kind, name) AS v;
-- One side of a comparison, beside the other; its type comes as a text, since a SUPER is one here.
CREATE OR REPLACE MACRO redshift_system.redshift_side(v VARCHAR, beside VARCHAR, kind) AS
        -- Few texts end with a blank, and looking is cheaper than cutting.
        CASE WHEN kind = 'JSON' THEN json_extract_string(CASE WHEN kind = 'JSON' THEN v END, '$') WHEN ends_with(v, ' ') THEN system.main.rtrim(v, ' ') ELSE v END,
    (v VARCHAR, beside DATE, kind) AS redshift_date(CASE WHEN kind = 'JSON' THEN json_extract_string(CASE WHEN kind = 'JSON' THEN v END, '$') ELSE v END),
    (v VARCHAR, beside TIMESTAMP, kind) AS redshift_timestamp(CASE WHEN kind = 'JSON' THEN json_extract_string(CASE WHEN kind = 'JSON' THEN v END, '$') ELSE v END),
    (v VARCHAR, beside TIMESTAMPTZ, kind) AS redshift_timestamptz(CASE WHEN kind = 'JSON' THEN json_extract_string(CASE WHEN kind = 'JSON' THEN v END, '$') ELSE v END),
    (v TIMESTAMP, beside TIMESTAMPTZ, kind) AS redshift_zoned(v), (v DATE, beside TIMESTAMPTZ, kind) AS redshift_zoned(v),
    (v, beside, kind) AS v;
CREATE OR REPLACE MACRO redshift_system.redshift_number_in_super(v) AS
    CASE WHEN json_type(v) IN ('BIGINT', 'UBIGINT', 'DOUBLE') THEN TRY_CAST(v AS DECIMAL(38,10)) END;
CREATE OR REPLACE MACRO redshift_system.redshift_text_in_super(v) AS
    CASE WHEN json_type(v) = 'VARCHAR' THEN system.main.rtrim(json_extract_string(v, '$'), ' ') END;
CREATE OR REPLACE MACRO redshift_system.redshift_boolean_in_super(v) AS
    CASE WHEN json_type(v) = 'BOOLEAN' THEN TRY_CAST(v AS BOOLEAN) END;
-- Nothing is NULL in a SUPER as well as outside of it.
CREATE OR REPLACE MACRO redshift_system.redshift_is_null_super(v) AS v IS NULL OR json_type(v) = 'NULL';
-- What values of any type have in common where they are equal.
CREATE OR REPLACE MACRO redshift_system.redshift_key(v) AS redshift_super_key(CAST(v AS VARCHAR));
CREATE OR REPLACE MACRO redshift_system.redshift_ordered(v) AS redshift_super_order(CAST(v AS VARCHAR));
CREATE OR REPLACE MACRO redshift_system.redshift_super_computed(op, a, b) AS
    CAST(redshift_super_arithmetic(op, CAST(a AS VARCHAR), CAST(b AS VARCHAR)) AS JSON);
CREATE OR REPLACE MACRO redshift_system.redshift_total_in_super(total) AS
    CAST(redshift_super_number(CAST(total AS VARCHAR)) AS JSON);
CREATE OR REPLACE MACRO redshift_system.redshift_array_in_super(v) AS
    CASE WHEN json_type(v) = 'ARRAY' THEN CAST(v AS JSON[]) END;
CREATE OR REPLACE MACRO redshift_system.redshift_super_to_boolean(v) AS CASE json_type(v)
    WHEN 'BOOLEAN' THEN TRY_CAST(v AS BOOLEAN) WHEN 'VARCHAR' THEN TRY_CAST(json_extract_string(v, '$') AS BOOLEAN)
    WHEN 'DOUBLE' THEN NULL ELSE TRY_CAST(v AS BIGINT) <> 0 END;
CREATE OR REPLACE MACRO redshift_system.redshift_zoneless(v TIMESTAMPTZ) AS redshift_local(v), (v) AS v;
CREATE OR REPLACE MACRO redshift_system.redshift_epochless(v TIMESTAMPTZ) AS CAST(v AS TIMESTAMP), (v) AS v;
CREATE OR REPLACE MACRO redshift_system.redshift_months(i) AS datepart('year', i) * 12 + datepart('month', i);
CREATE OR REPLACE MACRO redshift_system.redshift_micros(i) AS
    (datepart('day', i) * 24 + datepart('hour', i)) * 3600000000 + datepart('minute', i) * 60000000 + datepart('microsecond', i);
-- Months are those of the zone, and the rest is counted in UTC.
CREATE OR REPLACE MACRO redshift_system.redshift_later(t, i) AS CASE WHEN redshift_zone_name() IS NULL
    THEN CAST(CAST(t AS TIMESTAMP) + i AS TIMESTAMPTZ)
    ELSE CAST(CAST(redshift_zoned(redshift_local(t) + to_months(CAST(redshift_months(i) AS INTEGER))) AS TIMESTAMP) + to_microseconds(redshift_micros(i)) AS TIMESTAMPTZ) END;
CREATE OR REPLACE MACRO redshift_system.redshift_earlier(t, i) AS CASE WHEN redshift_zone_name() IS NULL
    THEN CAST(CAST(t AS TIMESTAMP) - i AS TIMESTAMPTZ)
    ELSE CAST(CAST(redshift_zoned(redshift_local(t) - to_months(CAST(redshift_months(i) AS INTEGER))) AS TIMESTAMP) - to_microseconds(redshift_micros(i)) AS TIMESTAMPTZ) END;
CREATE OR REPLACE MACRO redshift_system.redshift_add_years(d, n) AS
    CASE WHEN month(d) = 2 AND day(d) = 29 AND day(d + to_years(n)) = 28 THEN d + to_years(n) + to_days(1) ELSE d + to_years(n) END;
-- A century begins with its year 1.
CREATE OR REPLACE MACRO redshift_system.redshift_trunc_by_hundreds(part, d) AS
    (date_trunc(part, d - INTERVAL 1 YEAR) + INTERVAL 1 YEAR);
CREATE OR REPLACE MACRO redshift_system.redshift_now(part) AS date_trunc(part, redshift_local(make_timestamp(epoch_us(now()))));
-- The same for a time that is computed: as an argument of a lambda it is computed once.
CREATE OR REPLACE MACRO redshift_system.redshift_add_years_once(d, n) AS
    list_extract(list_transform(list_value(d), lambda once: redshift_add_years(once, n)), 1);
CREATE OR REPLACE MACRO redshift_system.redshift_weeks(a, b) AS
    date_diff('day', date_trunc('week', a), date_trunc('week', b)) // 7;
CREATE OR REPLACE MACRO redshift_system.interval_cmp(a, b) AS
    CASE WHEN CAST(a AS INTERVAL) < CAST(b AS INTERVAL) THEN -1 WHEN CAST(a AS INTERVAL) > CAST(b AS INTERVAL) THEN 1
         WHEN a IS NOT NULL AND b IS NOT NULL THEN 0 END;
CREATE OR REPLACE MACRO redshift_system.add_months(d, n) AS
    CASE WHEN system.main.last_day(CAST(d AS DATE)) = CAST(d AS DATE)
         THEN CAST(system.main.last_day(CAST(d AS DATE) + to_months(CAST(n AS INTEGER))) AS TIMESTAMP)
              + (d - CAST(CAST(d AS DATE) AS TIMESTAMP))
         ELSE d + to_months(CAST(n AS INTEGER)) END;
CREATE OR REPLACE MACRO redshift_system.add_months_once(d, n) AS
    list_extract(list_transform(list_value(d), lambda once: add_months(once, n)), 1);
CREATE OR REPLACE MACRO redshift_system.months_between(a, b) AS
    CASE WHEN day(CAST(a AS DATE)) = day(CAST(b AS DATE))
           OR (system.main.last_day(CAST(a AS DATE)) = CAST(a AS DATE) AND system.main.last_day(CAST(b AS DATE)) = CAST(b AS DATE))
         THEN CAST(12 * (year(CAST(a AS DATE)) - year(CAST(b AS DATE))) + month(CAST(a AS DATE)) - month(CAST(b AS DATE)) AS DOUBLE)
         ELSE 12 * (year(CAST(a AS DATE)) - year(CAST(b AS DATE))) + month(CAST(a AS DATE)) - month(CAST(b AS DATE))
              + ((epoch(a) - epoch(CAST(date_trunc('month', a) AS TIMESTAMP)))
               - (epoch(b) - epoch(CAST(date_trunc('month', b) AS TIMESTAMP)))) / 86400.0 / 31.0 END;
CREATE OR REPLACE MACRO redshift_system.date_cmp(a, b) AS redshift_compare(CAST(a AS DATE), CAST(b AS DATE));
CREATE OR REPLACE MACRO redshift_system.timestamp_cmp(a, b) AS redshift_compare(a, b);
CREATE OR REPLACE MACRO redshift_system.date_cmp_timestamp(a, b) AS redshift_compare(a, b);
CREATE OR REPLACE MACRO redshift_system.timestamp_cmp_date(a, b) AS redshift_compare(a, b);
CREATE OR REPLACE MACRO redshift_system.date_cmp_timestamptz(a, b) AS redshift_compare(a, b);
CREATE OR REPLACE MACRO redshift_system.timestamp_cmp_timestamptz(a, b) AS redshift_compare(a, b);
CREATE OR REPLACE MACRO redshift_system.timestamptz_cmp(a, b) AS redshift_compare(a, b);
CREATE OR REPLACE MACRO redshift_system.timestamptz_cmp_date(a, b) AS redshift_compare(a, b);
CREATE OR REPLACE MACRO redshift_system.timestamptz_cmp_timestamp(a, b) AS redshift_compare(a, b);
CREATE OR REPLACE MACRO redshift_system.date_part_year(d) AS CAST(year(CAST(d AS DATE)) AS INTEGER);
CREATE OR REPLACE MACRO redshift_system.next_day(d, name) AS
    CAST(d AS DATE) + 1 + CAST((coalesce(
            list_position(['su', 'mo', 'tu', 'we', 'th', 'fr', 'sa'],
                CASE system.main.lower(name) WHEN 'm' THEN 'mo' WHEN 'w' THEN 'we' WHEN 'f' THEN 'fr' ELSE system.main.left(system.main.lower(name), 2) END),
            CAST(error('"' || name || '" is not a day of the week') AS INTEGER)) - 1
        - dayofweek(CAST(d AS DATE)) + 13) % 7 AS INTEGER);
CREATE OR REPLACE MACRO redshift_system.trunc(v TIMESTAMP) AS CAST(v AS DATE), (v TIMESTAMPTZ) AS CAST(redshift_local(v) AS DATE), (v DATE) AS v,
    (v) AS system.main.trunc(v), (v, d) AS system.main.trunc(v, d);
CREATE OR REPLACE MACRO redshift_system.timeofday() AS strftime(make_timestamp(epoch_us(now())), '%a %b %d %H:%M:%S.%f %Y UTC');
CREATE OR REPLACE MACRO redshift_system.redshift_zone(source, target, t) AS
    CAST(redshift_convert_timezone(source, target, CAST(t AS VARCHAR)) AS TIMESTAMP);
CREATE OR REPLACE MACRO redshift_system.convert_timezone(target, t) AS redshift_zone('UTC', target, t),
    (source, target, t) AS redshift_zone(source, target, t);
-- A time without a zone is taken to be in it, a time with one is shown in it.
CREATE OR REPLACE MACRO redshift_system.timezone(z, t TIMESTAMPTZ) AS redshift_zone('UTC', z, CAST(t AS TIMESTAMP)),
    (z, t TIMESTAMP) AS CAST(redshift_zone(z, 'UTC', t) AS TIMESTAMPTZ);
CREATE OR REPLACE MACRO redshift_system.to_timestamp(s, f) AS
        redshift_zoned(CAST(redshift_parse_datetime(CAST(s AS VARCHAR), f) AS TIMESTAMP)),
    (s, f, strict) AS redshift_zoned(CAST(redshift_parse_datetime(CAST(s AS VARCHAR), f, CAST(strict AS VARCHAR)) AS TIMESTAMP));
CREATE OR REPLACE MACRO redshift_system.to_date(s, f) AS CAST(CAST(redshift_parse_datetime(CAST(s AS VARCHAR), f) AS TIMESTAMP) AS DATE),
    (s, f, strict) AS CAST(CAST(redshift_parse_datetime(CAST(s AS VARCHAR), f, CAST(strict AS VARCHAR)) AS TIMESTAMP) AS DATE);
CREATE OR REPLACE MACRO redshift_system.last_day(d) AS system.main.last_day(CAST(d AS DATE));
CREATE OR REPLACE MACRO redshift_system.to_char(v TIMESTAMP, f) AS redshift_to_char_time(CAST(v AS VARCHAR), f),
    (v DATE, f) AS redshift_to_char_time(CAST(CAST(v AS TIMESTAMP) AS VARCHAR), f),
    (v TIMESTAMPTZ, f) AS redshift_zoned_to_char(v, f),
    (v, f) AS redshift_to_char_number(CAST(v AS VARCHAR), f);

-- Numbers
CREATE OR REPLACE MACRO redshift_system.dexp(n) AS exp(n);
CREATE OR REPLACE MACRO redshift_system.dlog1(n) AS ln(n);
CREATE OR REPLACE MACRO redshift_system.dlog10(n) AS system.main.log10(n);
CREATE OR REPLACE MACRO redshift_system.sign(n DOUBLE) AS CAST(system.main.sign(n) AS DOUBLE), (n FLOAT) AS CAST(system.main.sign(n) AS DOUBLE),
    (n) AS CAST(system.main.sign(n) AS DECIMAL(1,0));
CREATE OR REPLACE MACRO redshift_system.murmur3_32_hash(v VARCHAR) AS CAST(redshift_murmur3('0', v, '0') AS INTEGER),
    (v BIGINT) AS CAST(redshift_murmur3('8', CAST(v AS VARCHAR), '0') AS INTEGER),
    (v VARCHAR, seed) AS CAST(redshift_murmur3('0', v, CAST(seed AS VARCHAR)) AS INTEGER),
    (v BIGINT, seed) AS CAST(redshift_murmur3('8', CAST(v AS VARCHAR), CAST(seed AS VARCHAR)) AS INTEGER);
-- An average keeps the places of what it is of, and cuts off those behind them.
CREATE OR REPLACE MACRO redshift_system.redshift_average(total, n) AS CASE
    WHEN starts_with(typeof(total), 'DECIMAL') THEN
        redshift_divide(CAST(total AS VARCHAR), CAST(n AS VARCHAR), CAST(strlen(system.main.split_part(CAST(total AS VARCHAR), '.', 2)) AS VARCHAR))
    ELSE CAST(total / n AS VARCHAR) END;
-- A number of times an interval, whatever the number is.
CREATE OR REPLACE MACRO redshift_system.redshift_interval_times(i, n) AS
    to_months(CAST(trunc(datepart('year', i) * 12 * n + datepart('month', i) * n) AS INTEGER))
    + to_days(CAST(trunc(datepart('day', i) * n) AS INTEGER))
    + to_microseconds(CAST(round((datepart('hour', i) * 3600000000 + datepart('minute', i) * 60000000 + datepart('microsecond', i)) * CAST(n AS DOUBLE)
        + (datepart('day', i) * n - trunc(datepart('day', i) * n)) * 86400000000) AS BIGINT));
CREATE OR REPLACE MACRO redshift_system.redshift_interval_times_once(i, n) AS
    list_extract(list_transform(list_value(i), lambda once: redshift_interval_times(once, n)), 1);
CREATE OR REPLACE MACRO redshift_system.redshift_interval_over(i, n) AS
    to_microseconds(CAST(epoch_us(i) / CAST(n AS DOUBLE) AS BIGINT));
CREATE OR REPLACE MACRO redshift_system.redshift_months_over(i, n) AS
    to_months(CAST(trunc(redshift_months(i) / CAST(n AS DOUBLE)) AS INTEGER));
-- A text or an interval as one of a type with a qualifier, and an interval as it is shown.
CREATE OR REPLACE MACRO redshift_system.redshift_interval(v, kind) AS CAST(redshift_interval_of_text(CAST(v AS VARCHAR), kind) AS INTERVAL);
CREATE OR REPLACE MACRO redshift_system.redshift_interval_text(v) AS redshift_interval_shown(CAST(v AS VARCHAR));
CREATE OR REPLACE MACRO redshift_system.redshift_cut(s, n) AS
    CASE WHEN strlen(s) <= n THEN s ELSE redshift_truncate(s, CAST(n AS VARCHAR)) END;

-- Bytes. A text is one in UTF-8; numbers have as many bytes as their type, the highest first.
CREATE OR REPLACE MACRO redshift_system.redshift_varbyte_of_number(v, n) AS
    unhex(system.main.right(system.main.lpad(hex(CAST(v AS BIGINT)), 16, '0'), 2 * n));
CREATE OR REPLACE MACRO redshift_system.redshift_varbyte(v BLOB) AS v, (v VARCHAR) AS encode(v),
    (v SMALLINT) AS redshift_varbyte_of_number(v, 2), (v INTEGER) AS redshift_varbyte_of_number(v, 4),
    (v BIGINT) AS redshift_varbyte_of_number(v, 8);
CREATE OR REPLACE MACRO redshift_system.redshift_varbyte_within(v, n) AS
    CASE WHEN system.main.octet_length(v) > n THEN CAST(error('value too long for type binary varying(' || n || ')') AS BLOB) ELSE v END;
CREATE OR REPLACE MACRO redshift_system.redshift_varbyte_part(v, start) AS
        unhex(system.main.substring(hex(v), 2 * greatest(CAST(start AS BIGINT), 1) - 1)),
    (v, start, n) AS unhex(system.main.substring(hex(v), 2 * greatest(CAST(start AS BIGINT), 1) - 1,
        2 * greatest(CAST(n AS BIGINT) + least(CAST(start AS BIGINT) - 1, 0), 0)));

-- The values of a list, written.
CREATE OR REPLACE MACRO redshift_system.redshift_texts(l) AS list_transform(l, lambda value: CAST(value AS VARCHAR));

-- JSON
CREATE OR REPLACE MACRO redshift_system.is_valid_json(s) AS redshift_json_kind(CAST(s AS VARCHAR)) = 'object';
CREATE OR REPLACE MACRO redshift_system.is_valid_json_array(s) AS redshift_json_kind(CAST(s AS VARCHAR)) = 'array';
CREATE OR REPLACE MACRO redshift_system.can_json_parse(s) AS CAST(redshift_can_json_parse(CAST(s AS VARCHAR)) AS BOOLEAN);
CREATE OR REPLACE MACRO redshift_system.split_to_array(s) AS CAST(redshift_split_to_array(CAST(s AS VARCHAR), ',') AS JSON),
    (s, d) AS CAST(redshift_split_to_array(CAST(s AS VARCHAR), CAST(d AS VARCHAR)) AS JSON);
-- The numbers of GENERATE_SERIES among the columns: they are made as one list. The bound stands inside, since DuckDB
-- computes what is constant beforehand.
CREATE OR REPLACE MACRO redshift_system.redshift_series(a, b, step) AS system.main.generate_series(CAST(a AS BIGINT),
        CASE WHEN abs(CAST(b AS HUGEINT) - CAST(a AS HUGEINT)) // greatest(abs(CAST(step AS HUGEINT)), 1) > 20000000
        THEN error('Result size exceeds the limit of 20000000 rows that GENERATE_SERIES has among the columns')
        ELSE CAST(b AS BIGINT) END, CAST(step AS BIGINT));
CREATE OR REPLACE MACRO redshift_system.array_concat(a, b) AS 
    CASE WHEN json_type(a) = 'ARRAY' AND json_type(b) = 'ARRAY' THEN to_json(list_concat(redshift_array_in_super(a), redshift_array_in_super(b))) END;
-- A negative place counts from the end.
CREATE OR REPLACE MACRO redshift_system.redshift_start(l, start) AS
    CASE WHEN start < 0 THEN greatest(system.main.len(l) + start, 0) ELSE start END;
CREATE OR REPLACE MACRO redshift_system.subarray(a, start) AS
        to_json(list_slice(redshift_array_in_super(a), redshift_start(redshift_array_in_super(a), start) + 1, system.main.len(redshift_array_in_super(a)))),
    (a, start, n) AS
        to_json(list_slice(redshift_array_in_super(a), redshift_start(redshift_array_in_super(a), start) + 1, redshift_start(redshift_array_in_super(a), start) + n));
CREATE OR REPLACE MACRO redshift_system.array_flatten(a) AS CAST(redshift_array_flatten(CAST(a AS VARCHAR)) AS JSON);
CREATE OR REPLACE MACRO redshift_system.array_distinct(a) AS CAST(redshift_array_distinct(CAST(a AS VARCHAR)) AS JSON);
CREATE OR REPLACE MACRO redshift_system.array_sort(a) AS CAST(redshift_array_sort(CAST(a AS VARCHAR), 'true', 'false') AS JSON),
    (a, ascending) AS CAST(redshift_array_sort(CAST(a AS VARCHAR), CAST(ascending AS VARCHAR), CAST(NOT ascending AS VARCHAR)) AS JSON),
    (a, ascending, nulls_first) AS CAST(redshift_array_sort(CAST(a AS VARCHAR), CAST(ascending AS VARCHAR), CAST(nulls_first AS VARCHAR)) AS JSON);
CREATE OR REPLACE MACRO redshift_system.array_union(a, b) AS CAST(redshift_array_union(CAST(a AS VARCHAR), CAST(b AS VARCHAR), 'true') AS JSON);
CREATE OR REPLACE MACRO redshift_system.array_intersection(a, b) AS CAST(redshift_array_intersection(CAST(a AS VARCHAR), CAST(b AS VARCHAR), 'false') AS JSON),
    (a, b, is_set) AS CAST(redshift_array_intersection(CAST(a AS VARCHAR), CAST(b AS VARCHAR), CAST(is_set AS VARCHAR)) AS JSON);
CREATE OR REPLACE MACRO redshift_system.array_except(a, b) AS CAST(redshift_array_except(CAST(a AS VARCHAR), CAST(b AS VARCHAR), 'false') AS JSON),
    (a, b, is_set) AS CAST(redshift_array_except(CAST(a AS VARCHAR), CAST(b AS VARCHAR), CAST(is_set AS VARCHAR)) AS JSON);
CREATE OR REPLACE MACRO redshift_system.arrays_overlap(a, b) AS CAST(redshift_array_overlap(CAST(a AS VARCHAR), CAST(b AS VARCHAR), 'true') AS BOOLEAN);
CREATE OR REPLACE MACRO redshift_system.array_positions(a, v) AS CAST(redshift_array_positions(CAST(a AS VARCHAR), coalesce(CAST(to_json(v) AS VARCHAR), 'null'), 'true') AS JSON),
    (a, v, null_match) AS CAST(redshift_array_positions(CAST(a AS VARCHAR), coalesce(CAST(to_json(v) AS VARCHAR), 'null'), CAST(null_match AS VARCHAR)) AS JSON);
CREATE OR REPLACE MACRO redshift_system.redshift_first_place(p) AS CASE WHEN p IS NOT NULL THEN coalesce(CAST(json_extract(p, '$[0]') AS INTEGER), -1) END;
CREATE OR REPLACE MACRO redshift_system.array_position(a, v) AS redshift_first_place(array_positions(a, v)),
    (a, v, null_match) AS redshift_first_place(array_positions(a, v, null_match));
CREATE OR REPLACE MACRO redshift_system.fnv_hash(v SMALLINT) AS CAST(redshift_fnv_hash('2', CAST(v AS VARCHAR), '-3750763034362895579') AS BIGINT),
    (v INTEGER) AS CAST(redshift_fnv_hash('4', CAST(v AS VARCHAR), '-3750763034362895579') AS BIGINT),
    (v BIGINT) AS CAST(redshift_fnv_hash('8', CAST(v AS VARCHAR), '-3750763034362895579') AS BIGINT),
    (v VARCHAR) AS CAST(redshift_fnv_hash('0', v, '-3750763034362895579') AS BIGINT),
    (v SMALLINT, seed) AS CAST(redshift_fnv_hash('2', CAST(v AS VARCHAR), CAST(seed AS VARCHAR)) AS BIGINT),
    (v INTEGER, seed) AS CAST(redshift_fnv_hash('4', CAST(v AS VARCHAR), CAST(seed AS VARCHAR)) AS BIGINT),
    (v BIGINT, seed) AS CAST(redshift_fnv_hash('8', CAST(v AS VARCHAR), CAST(seed AS VARCHAR)) AS BIGINT),
    (v VARCHAR, seed) AS CAST(redshift_fnv_hash('0', v, CAST(seed AS VARCHAR)) AS BIGINT);
CREATE OR REPLACE MACRO redshift_system.json_parse(s) AS CAST(redshift_json_parse(CAST(s AS VARCHAR)) AS JSON);
CREATE OR REPLACE MACRO redshift_system.json_serialize(j) AS CAST(j AS VARCHAR);
-- What is assigned to a SUPER: a text is one there, whatever it looks like.
CREATE OR REPLACE MACRO redshift_system.redshift_super(v) AS
    CASE WHEN v IS NULL THEN NULL WHEN typeof(v) = 'VARCHAR' THEN to_json(v)
         WHEN typeof(v) IN ('DOUBLE', 'FLOAT') THEN CAST(redshift_super_float(CAST(v AS VARCHAR)) AS JSON) ELSE CAST(v AS JSON) END;
CREATE OR REPLACE MACRO redshift_system.json_array_length(s) AS CAST(system.main.json_array_length(s) AS INTEGER),
    (s, null_if_invalid) AS CASE WHEN json_valid(s) OR NOT null_if_invalid THEN CAST(system.main.json_array_length(s) AS INTEGER) END;
CREATE OR REPLACE MACRO redshift_system.json_extract_array_element_text(s, n) AS CASE WHEN n >= 0 THEN json_extract_string(s, '$[' || n || ']') END,
    (s, n, null_if_invalid) AS CASE WHEN json_valid(s) OR NOT null_if_invalid THEN json_extract_string(s, '$[' || n || ']') END;
CREATE OR REPLACE MACRO redshift_system.json_typeof(j) AS
    CASE json_type(j) WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array' WHEN 'VARCHAR' THEN 'string'
         WHEN 'BOOLEAN' THEN 'boolean' WHEN 'NULL' THEN 'null' ELSE CASE WHEN j IS NULL THEN NULL ELSE 'number' END END;
CREATE OR REPLACE MACRO redshift_system.is_array(j) AS coalesce(json_type(j) = 'ARRAY', false);
CREATE OR REPLACE MACRO redshift_system.is_object(j) AS coalesce(json_type(j) = 'OBJECT', false);
CREATE OR REPLACE MACRO redshift_system.is_varchar(j) AS coalesce(json_type(j) = 'VARCHAR', false);
CREATE OR REPLACE MACRO redshift_system.is_boolean(j) AS coalesce(json_type(j) = 'BOOLEAN', false);
CREATE OR REPLACE MACRO redshift_system.is_scalar(j) AS coalesce(json_type(j) NOT IN ('ARRAY', 'OBJECT', 'NULL'), false);
CREATE OR REPLACE MACRO redshift_system.is_smallint(j) AS coalesce(json_type(j) IN ('BIGINT', 'UBIGINT') AND TRY_CAST(j AS SMALLINT) IS NOT NULL, false);
CREATE OR REPLACE MACRO redshift_system.is_integer(j) AS coalesce(json_type(j) IN ('BIGINT', 'UBIGINT') AND TRY_CAST(j AS INTEGER) IS NOT NULL, false);
CREATE OR REPLACE MACRO redshift_system.is_bigint(j) AS coalesce(json_type(j) IN ('BIGINT', 'UBIGINT') AND TRY_CAST(j AS BIGINT) IS NOT NULL, false);
CREATE OR REPLACE MACRO redshift_system.is_float(j) AS coalesce(json_type(j) = 'DOUBLE' AND contains(CAST(j AS VARCHAR), 'e'), false);
CREATE OR REPLACE MACRO redshift_system.is_decimal(j) AS
    coalesce(json_type(j) IN ('BIGINT', 'UBIGINT', 'DOUBLE') AND NOT contains(CAST(j AS VARCHAR), 'e'), false);
CREATE OR REPLACE MACRO redshift_system.is_char(j) AS
    coalesce(json_type(j) = 'VARCHAR' AND strlen(json_extract_string(j, '$')) = system.main.length(json_extract_string(j, '$')), false);
CREATE OR REPLACE MACRO redshift_system.decimal_precision(j) AS CAST(redshift_super_digits('precision', CAST(redshift_super(j) AS VARCHAR)) AS INTEGER);
CREATE OR REPLACE MACRO redshift_system.decimal_scale(j) AS CAST(redshift_super_digits('scale', CAST(redshift_super(j) AS VARCHAR)) AS INTEGER);
CREATE OR REPLACE MACRO redshift_system.lower_attribute_names(j) AS CAST(redshift_super_names('lower', CAST(redshift_super(j) AS VARCHAR)) AS JSON);
CREATE OR REPLACE MACRO redshift_system.upper_attribute_names(j) AS CAST(redshift_super_names('upper', CAST(redshift_super(j) AS VARCHAR)) AS JSON);
CREATE OR REPLACE MACRO redshift_system.json_size(j) AS CAST(strlen(CAST(j AS VARCHAR)) AS INTEGER);
CREATE OR REPLACE MACRO redshift_system.array_contains(a, v) AS list_contains(CAST(a AS JSON[]), to_json(v));
CREATE OR REPLACE MACRO redshift_system.get_array_length(j) AS
    CASE WHEN json_type(j) = 'ARRAY' THEN CAST(system.main.json_array_length(j) AS INTEGER) END;

CREATE OR REPLACE MACRO redshift_system.redshift_divided(a, b, places) AS CASE
    WHEN b = 0 THEN CAST(1 // 0 AS VARCHAR)
    ELSE redshift_divide(CAST(a AS VARCHAR), CAST(b AS VARCHAR), places) END;

-- The session. Queries have the numbers that they have in STL_QUERY.
CREATE OR REPLACE MACRO redshift_system.version() AS
    'PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.117891';
CREATE OR REPLACE MACRO redshift_system.pg_backend_pid() AS coalesce(CAST(getvariable('redshift_pid') AS INTEGER), 0);
CREATE OR REPLACE MACRO redshift_system.pg_last_copy_count() AS coalesce(CAST(getvariable('redshift_copied') AS BIGINT), 0);
CREATE OR REPLACE MACRO redshift_system.pg_last_copy_id() AS
    coalesce(CAST(CAST(getvariable('redshift_copy') AS BIGINT) % 2000000000 AS INTEGER), -1);
CREATE OR REPLACE MACRO redshift_system.pg_last_unload_count() AS coalesce(CAST(getvariable('redshift_unloaded') AS BIGINT), 0);
CREATE OR REPLACE MACRO redshift_system.pg_last_unload_id() AS
    coalesce(CAST(CAST(getvariable('redshift_unload') AS BIGINT) % 2000000000 AS INTEGER), -1);
CREATE OR REPLACE MACRO redshift_system.pg_last_query_id() AS
    coalesce(CAST(CAST(getvariable('redshift_query') AS BIGINT) % 2000000000 AS INTEGER), -1);
CREATE OR REPLACE MACRO redshift_system.redshift_user() AS coalesce(CAST(getvariable('redshift_user') AS VARCHAR), 'awsuser');
CREATE OR REPLACE MACRO redshift_system.current_user_id() AS
    coalesce((SELECT min(u.id) FROM redshift_system.redshift_users u WHERE u.name = redshift_system.redshift_user()), 100);
CREATE OR REPLACE MACRO redshift_system.current_setting(wanted) AS
    (SELECT s.setting FROM redshift_system.redshift_settings AS s WHERE s.name = wanted);
CREATE OR REPLACE MACRO redshift_system.pg_get_userbyid(wanted) AS
    CASE wanted WHEN 100 THEN redshift_system.redshift_admin()
        ELSE coalesce((SELECT min(u.name) FROM redshift_system.redshift_users u WHERE u.id = wanted), 'unknown (UID=' || wanted || ')') END;
CREATE OR REPLACE MACRO redshift_system.slice_num() AS 0;

-- What the catalog queries of drivers call
CREATE OR REPLACE MACRO redshift_system.pg_encoding_to_char(n) AS 'UTF8';
CREATE OR REPLACE MACRO redshift_system.pg_type_is_visible(n) AS true;
CREATE OR REPLACE MACRO redshift_system.pg_get_indexdef(a) AS
        (SELECT k.indexdef FROM temp.main.redshift_catalog_constraints AS k WHERE k.oid = CAST(a AS BIGINT)),
    (a, b, c) AS (SELECT k.indexdef FROM temp.main.redshift_catalog_constraints AS k WHERE k.oid = CAST(a AS BIGINT));
-- A foreign key with the schema of the table that it refers to, where the search path does not find that.
CREATE OR REPLACE MACRO redshift_system.redshift_seen_from_here(condef, own, referred) AS
    CASE WHEN own = referred AND NOT list_contains(current_schemas(false), referred)
         THEN replace(condef, ') REFERENCES ', ') REFERENCES ' || referred || '.') ELSE condef END;
CREATE OR REPLACE MACRO redshift_system.pg_get_constraintdef(a) AS
        (SELECT redshift_seen_from_here(k.condef, k.schema_name, k.referred_schema)
         FROM temp.main.redshift_catalog_constraints AS k WHERE k.oid = CAST(a AS BIGINT)),
    (a, b) AS (SELECT redshift_seen_from_here(k.condef, k.schema_name, k.referred_schema)
               FROM temp.main.redshift_catalog_constraints AS k WHERE k.oid = CAST(a AS BIGINT));
CREATE OR REPLACE MACRO redshift_system.pg_get_ruledef(a) AS CAST(NULL AS VARCHAR), (a, b) AS CAST(NULL AS VARCHAR);
CREATE OR REPLACE MACRO redshift_system.pg_get_triggerdef(a) AS CAST(NULL AS VARCHAR), (a, b) AS CAST(NULL AS VARCHAR);
CREATE OR REPLACE MACRO redshift_system._pg_expandarray(a) AS
    unnest(list_transform(a, lambda value, place: {'x': value, 'n': place}));
CREATE OR REPLACE MACRO redshift_system.pg_get_viewdef(a) AS
        (SELECT v.definition FROM temp.main.redshift_catalog_relations AS v WHERE v.kind = 'VIEW' AND CAST(v.table_oid AS VARCHAR) = CAST(a AS VARCHAR) LIMIT 1),
    (a, b) AS (SELECT v.definition FROM temp.main.redshift_catalog_relations AS v WHERE v.kind = 'VIEW' AND CAST(v.table_oid AS VARCHAR) = CAST(a AS VARCHAR) LIMIT 1);
CREATE OR REPLACE MACRO redshift_system.pg_get_expr(a, b) AS CAST(a AS VARCHAR), (a, b, c) AS CAST(a AS VARCHAR);
CREATE OR REPLACE MACRO redshift_system.obj_description(a) AS
        (SELECT r.remarks FROM temp.main.redshift_catalog_relations AS r WHERE r.table_oid = CAST(a AS BIGINT) LIMIT 1),
    (a, b) AS (SELECT r.remarks FROM temp.main.redshift_catalog_relations AS r WHERE r.table_oid = CAST(a AS BIGINT) LIMIT 1);
CREATE OR REPLACE MACRO redshift_system.col_description(a, b) AS
    (SELECT c.remarks FROM temp.main.redshift_catalog_columns AS c
     WHERE c.table_oid = CAST(a AS BIGINT) AND c.ordinal_position = CAST(b AS BIGINT) LIMIT 1);
CREATE OR REPLACE MACRO redshift_system.shobj_description(a, b) AS CAST(NULL AS VARCHAR);
CREATE OR REPLACE MACRO redshift_system.redshift_end_session(n, what) AS redshift_end_backend(CAST(n AS VARCHAR),
    coalesce(CAST(getvariable('redshift_pid') AS VARCHAR), ''),
    CAST((SELECT count(*) = 0 FROM redshift_system.redshift_users AS u
          WHERE u.name = getvariable('redshift_user') AND u.is_superuser IS DISTINCT FROM true) AS VARCHAR), what);
CREATE OR REPLACE MACRO redshift_system.pg_cancel_backend(n) AS redshift_system.redshift_end_session(n, 'cancel');
CREATE OR REPLACE MACRO redshift_system.pg_terminate_backend(n) AS redshift_system.redshift_end_session(n, 'terminate');
CREATE OR REPLACE MACRO redshift_system.format_encoding(n) AS
    ['none', 'bytedict', 'delta', 'delta32k', 'lzo', 'mostly8', 'mostly16', 'mostly32', 'runlength', 'text255', 'text32k', 'zstd', 'az64'][CAST(n AS INTEGER) + 1];
CREATE OR REPLACE MACRO redshift_system.current_schemas(with_system) AS
    list_filter(CASE WHEN with_system THEN system.main.current_schemas(true) ELSE system.main.current_schemas(false) END,
        lambda name: name NOT IN ('redshift_system', 'main'));
CREATE OR REPLACE MACRO redshift_system.pg_table_size(n) AS CAST(0 AS BIGINT);
CREATE OR REPLACE MACRO redshift_system.pg_get_function_result(n) AS CAST(NULL AS VARCHAR);
CREATE OR REPLACE MACRO redshift_system.pg_get_function_arguments(n) AS CAST(NULL AS VARCHAR);
-- A name is a number to compare with, and a number is a name to show.
CREATE OR REPLACE MACRO redshift_system.redshift_regclass(given) AS
    CASE WHEN typeof(given) = 'VARCHAR' AND NOT regexp_full_match(CAST(given AS VARCHAR), '[0-9]+')
         THEN CAST((SELECT c.table_oid FROM temp.main.redshift_catalog_relations AS c
                    WHERE c.table_name = list_extract(string_split(replace(CAST(given AS VARCHAR), '"', ''), '.'), -1)
                      AND (NOT contains(CAST(given AS VARCHAR), '.')
                           OR c.schema_name = list_extract(string_split(replace(CAST(given AS VARCHAR), '"', ''), '.'), -2))
                    ORDER BY coalesce(list_position(current_schemas(false), c.schema_name), 1000) LIMIT 1) AS VARCHAR)
         ELSE coalesce((SELECT c.table_name FROM temp.main.redshift_catalog_relations AS c WHERE c.table_oid = TRY_CAST(given AS BIGINT) LIMIT 1),
                       (SELECT k.name FROM temp.main.redshift_catalog_constraints AS k WHERE k.oid = TRY_CAST(given AS BIGINT) LIMIT 1)) END;
-- PG_PROC has no rows.
CREATE OR REPLACE MACRO redshift_system.redshift_regproc(given) AS CAST(NULL AS VARCHAR);
CREATE OR REPLACE MACRO redshift_system.redshift_regprocedure(given) AS CAST(NULL AS VARCHAR);
CREATE OR REPLACE MACRO redshift_system.regprocedureout(given) AS CAST(given AS VARCHAR);
CREATE OR REPLACE MACRO redshift_system.textin(given) AS CAST(given AS VARCHAR);
CREATE OR REPLACE MACRO redshift_system.redshift_regtype(name) AS
    CASE replace(CAST(name AS VARCHAR), 'pg_catalog.', '')
         WHEN 'bool' THEN 16 WHEN 'boolean' THEN 16 WHEN 'int8' THEN 20 WHEN 'bigint' THEN 20 WHEN 'int2' THEN 21 WHEN 'smallint' THEN 21
         WHEN 'int4' THEN 23 WHEN 'integer' THEN 23 WHEN 'text' THEN 25 WHEN 'float4' THEN 700 WHEN 'real' THEN 700 WHEN 'float8' THEN 701
         WHEN 'double precision' THEN 701 WHEN 'varchar' THEN 1043 WHEN 'date' THEN 1082 WHEN 'timestamp' THEN 1114
         WHEN 'timestamptz' THEN 1184 WHEN 'numeric' THEN 1700 WHEN 'time' THEN 1083 WHEN 'timetz' THEN 1266 WHEN 'varbyte' THEN 6551 WHEN 'super' THEN 4000 ELSE TRY_CAST(name AS BIGINT) END;
CREATE OR REPLACE MACRO redshift_system.format_type(kind, modifier) AS
    CASE CAST(kind AS BIGINT) WHEN 16 THEN 'boolean' WHEN 20 THEN 'bigint' WHEN 21 THEN 'smallint' WHEN 23 THEN 'integer'
         WHEN 700 THEN 'real' WHEN 701 THEN 'double precision' WHEN 1082 THEN 'date' WHEN 1083 THEN 'time without time zone' WHEN 1266 THEN 'time with time zone'
         WHEN 1186 THEN 'interval' WHEN 1188 THEN 'intervaly2m' WHEN 1190 THEN 'intervald2s'
         WHEN 1114 THEN 'timestamp without time zone' WHEN 1184 THEN 'timestamp with time zone'
         WHEN 1700 THEN CASE WHEN modifier > 4 THEN 'numeric(' || ((modifier - 4) >> 16) || ',' || ((modifier - 4) & 65535) || ')' ELSE 'numeric' END
         WHEN 1042 THEN CASE WHEN modifier > 4 THEN 'character(' || (modifier - 4) || ')' ELSE 'character' END
         WHEN 4000 THEN 'super'
         WHEN 6551 THEN CASE WHEN modifier > 4 THEN 'binary varying(' || (modifier - 4) || ')' ELSE 'binary varying' END
         ELSE CASE WHEN modifier > 4 THEN 'character varying(' || (modifier - 4) || ')' ELSE 'character varying' END END;

-- The numbers of the types of a procedure's arguments.
CREATE OR REPLACE MACRO redshift_system.redshift_type_oids(types) AS
[CASE t WHEN 'boolean' THEN 16 WHEN 'bigint' THEN 20 WHEN 'smallint' THEN 21 WHEN 'integer' THEN 23 WHEN 'real' THEN 700
        WHEN 'double precision' THEN 701 WHEN 'character' THEN 1042 WHEN 'character varying' THEN 1043 WHEN 'date' THEN 1082
        WHEN 'time without time zone' THEN 1083 WHEN 'timestamp without time zone' THEN 1114
        WHEN 'timestamp with time zone' THEN 1184 WHEN 'time with time zone' THEN 1266
        WHEN 'intervaly2m' THEN 1188 WHEN 'intervald2s' THEN 1190 WHEN 'binary varying' THEN 6551 WHEN 'numeric' THEN 1700 WHEN 'refcursor' THEN 1790 ELSE 4000 END FOR t IN types];
