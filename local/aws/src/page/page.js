// What the page shows and asks. Nothing of a name or a value is ever read as HTML: everything goes through textContent.
'use strict';

const $ = (id) => document.getElementById(id);
// Begins the page's own queries, which the history leaves out.
const MARK = '/* page */ ';
const REFRESH_MS = 5000;
const ROWS_SHOWN = 1000;
const STATEMENTS_SHOWN = 200;

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// Columns: [title, row → text or element, class]. On a phone a table of `facts` becomes a list.
function table(columns, rows, none, kind = 'facts') {
  if (!rows.length) return make('p', { class: 'dim' }, none);
  const cell = (row) => ([title, read, style]) => {
    const value = read(row);
    if (value === null || value === undefined) return make('td', { class: `null ${style ?? ''}`, 'data-label': title }, 'null');
    return make('td', { class: style, 'data-label': title }, ...(value === '' ? [] : [value instanceof Node ? value : String(value)]));
  };
  const head = make('thead', {}, make('tr', {}, ...columns.map(([title, , style]) => make('th', { scope: 'col', class: style === 'number' ? style : undefined }, title))));
  const body = make('tbody', {}, ...rows.map((row) => make('tr', {}, ...columns.map(cell(row)))));
  return make('div', { class: `scroll ${kind}` }, make('table', {}, head, body));
}

const time = (text) => String(text ?? '').slice(0, 19).replace('T', ' ');

function trouble(error) {
  $('trouble').textContent = error ? error.message ?? String(error) : '';
  $('trouble').hidden = !error;
}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(`/_local/api/${path}`, options);
  } catch {
    throw new Error('the server does not answer: is `local serve` still running?');
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.message ?? `HTTP ${answer.status}`);
  return body;
}

// An operation of the Data API. A target names a database: { region, ClusterIdentifier or WorkgroupName, Database }.
const data = (operation, { region, ...input }) =>
  ask(`data/${operation}?${new URLSearchParams({ region: region ?? '' })}`, { method: 'POST', body: JSON.stringify(input) });

// ---- SQL

const target = () => JSON.parse($('database').value || 'null');

async function statement(target, sql, values = {}) {
  const parameters = Object.entries(values).map(([name, value]) => ({ name, value }));
  const { Id } = await data('ExecuteStatement', { ...target, Sql: sql, WaitTimeSeconds: 30, ...(parameters.length && { Parameters: parameters }) });
  for (;;) {
    const described = await data('DescribeStatement', { Id, WaitTimeSeconds: 30 });
    if (described.Status === 'FAILED' || described.Status === 'ABORTED') throw new Error(described.Error ?? described.Status);
    if (described.Status === 'FINISHED') return described;
  }
}

async function fetchRows({ Id }) {
  const found = { columns: [], rows: [], more: false };
  let token;
  do {
    const page = await data('GetStatementResult', { Id, NextToken: token });
    found.columns = page.ColumnMetadata;
    found.rows.push(...page.Records.map((record) => record.map((field) => (field.isNull ? null : Object.values(field)[0]))));
    token = page.NextToken;
  } while (token && found.rows.length < ROWS_SHOWN);
  found.more = Boolean(token) || found.rows.length > ROWS_SHOWN;
  found.rows.length = Math.min(found.rows.length, ROWS_SHOWN);
  return found;
}

const query = async (sql, values) => (await fetchRows(await statement(target(), MARK + sql, values))).rows;
const isNumber = (column) => /^(int|float|numeric|decimal|oid)/.test(column.typeName);

function setState(text, style = '') {
  $('state').textContent = text;
  $('state').className = style;
}

async function run(event) {
  event?.preventDefault();
  const sql = $('text').value.trim();
  if (!sql) return;
  if (!target()) return setState('there is no warehouse to run it in yet');
  setState('running …');
  const started = performance.now();
  try {
    const described = await statement(target(), sql);
    const seconds = ((performance.now() - started) / 1000).toFixed(2);
    if (described.HasResultSet) {
      const found = await fetchRows(described);
      const columns = found.columns.map((column, at) => [column.label ?? column.name, (row) => row[at], isNumber(column) ? 'number' : 'code']);
      $('result').replaceChildren(table(columns, found.rows, 'no rows', 'grid'));
      setState(`${found.more ? `the first ${ROWS_SHOWN} of ${described.ResultRows}` : found.rows.length} rows in ${seconds} s`);
    } else {
      $('result').replaceChildren();
      setState(`done in ${seconds} s${described.ResultRows > 0 ? `, ${described.ResultRows} rows` : ''}`);
    }
    await showTables();
  } catch (error) {
    $('result').replaceChildren();
    setState(error.message, 'bad');
  }
}

// ---- schemas, tables, columns

// Where the columns of a table are shown, by schema and table in JSON: they stay when the list is drawn again.
const opened = new Map();

const identifier = (name) => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);

async function showTables() {
  if (!target()) return $('tables').replaceChildren(make('p', { class: 'dim' }, 'no warehouse takes statements yet'));
  const found = await query(
    'select t.schema_name, t.table_name, t.table_type, i.tbl_rows, i.diststyle, i.sortkey1 from svv_redshift_tables t ' +
    'left join svv_table_info i on i."schema" = t.schema_name and i."table" = t.table_name order by 1, 2');
  const schemas = Map.groupBy ? Map.groupBy(found, (row) => row[0]) : found.reduce((all, row) => all.set(row[0], [...(all.get(row[0]) ?? []), row]), new Map());
  const parts = [...schemas].flatMap(([schema, tables]) => [make('h3', {}, `schema ${schema}`), ...tables.map(tableDetails)]);
  $('tables').replaceChildren(...(parts.length ? parts : [make('p', { class: 'dim' }, 'no tables yet')]));
}

function tableDetails([schema, name, kind, count, distribution, sortkey]) {
  const key = JSON.stringify([schema, name]);
  // Tables without rows are not in svv_table_info.
  const facts = kind === 'TABLE' ? [`${Number(count ?? 0).toLocaleString('en')} rows`, distribution, sortkey && `sort key ${sortkey}`] : [kind.toLowerCase()];
  const select = make('button', { type: 'button', onclick: () => {
    $('text').value = `select * from ${identifier(schema)}.${identifier(name)} limit 100`;
    $('text').scrollIntoView({ block: 'nearest' });
    run();
  } }, 'Select 100 rows');
  const columns = opened.get(key) ?? make('div');
  const element = make('details', { open: opened.has(key), ontoggle: () => {
    if (!element.open) return opened.delete(key);
    opened.set(key, columns);
    showColumns(schema, name, columns).catch(trouble);
  } }, make('summary', {}, make('strong', {}, name), ' ', make('span', { class: 'dim' }, facts.filter(Boolean).join(', '))), make('p', { class: 'line' }, select), columns);
  return element;
}

// A type as Redshift writes it: character varying(256), numeric(18,0).
function typeName([, type, , , , , , length, precision, scale]) {
  if (type.startsWith('character') && length) return `${type}(${length})`;
  return type === 'numeric' && precision ? `${type}(${precision},${scale ?? 0})` : type;
}

async function showColumns(schema, name, into) {
  const found = await query(
    'select column_name, data_type, is_nullable, column_default, encoding, distkey, sortkey, character_maximum_length, numeric_precision, numeric_scale ' +
    'from svv_redshift_columns where schema_name = :schema and table_name = :name order by ordinal_position', { schema, name });
  const keys = (row) => [row[5] === true && 'DISTKEY', row[6] > 0 && `SORTKEY ${row[6]}`].filter(Boolean).join(', ');
  const columns = [['column', (row) => row[0]], ['type', typeName, 'code'], ['null', (row) => (row[2] === 'NO' ? 'NOT NULL' : '')], ['default', (row) => row[3] ?? '', 'code'], ['encoding', (row) => row[4] ?? ''], ['key', keys]];
  into.replaceChildren(table(columns, found, 'no columns'));
}

// ---- how to connect

// A word of a shell. Names of databases and users are anybody's: one that would be more than a word is quoted.
const shellWord = (text) => (/^[\w.,:/@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

// A part of a URL, which stays one also between quotes.
const urlPart = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

// What clients of a database need, as [title, lines to copy]. The password is nowhere in them.
function connectionLines({ workgroup, id, region, host, port, user, secret, home }, database) {
  const url = `${urlPart(user)}:PASSWORD@${host}:${port}/${urlPart(database)}`;
  const inRegion = region === home ? '' : ` --region ${region}`;
  const issued = workgroup
    ? `aws redshift-serverless get-credentials --workgroup-name ${shellWord(id)}${inRegion}`
    : `aws redshift get-cluster-credentials --cluster-identifier ${shellWord(id)} --db-user ${shellWord(user)} --db-name ${shellWord(database)}${inRegion}`;
  const managed = secret && `aws secretsmanager get-secret-value --secret-id ${shellWord(secret)} --query SecretString --output text${inRegion}`;
  return [
    ['psql', `psql -h ${host} -p ${port} -U ${shellWord(user)} -d ${shellWord(database)}`],
    ['JDBC', `jdbc:postgresql://${host}:${port}/${urlPart(database)}?user=${urlPart(user)}`],
    ['Python', `psycopg2.connect(host="${host}", port=${port}, dbname=${JSON.stringify(database)}, user=${JSON.stringify(user)}, password=os.environ["PGPASSWORD"])`],
    ['SQLAlchemy', `redshift+psycopg2://${url}?sslmode=prefer`],
    ...(workgroup || region !== home ? [] : [['All of it with the password, in the folder of the server', `sparkify-infra local connect ${shellWord(id)}`]]),
    ...(managed ? [['The password, from its managed secret', managed]] : []),
    ['A user and a password for a while', issued],
  ];
}

function command([title, text]) {
  // There is no clipboard where the page comes over plain HTTP from another machine.
  const copy = navigator.clipboard && make('button', { type: 'button', 'aria-label': `Copy ${title}`, onclick: async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = 'Copied';
    setTimeout(() => (copy.textContent = 'Copy'), 1500);
  } }, 'Copy');
  return [make('h3', {}, title), make('div', { class: 'command' }, make('pre', { tabindex: 0 }, text), ...(copy ? [copy] : []))];
}

function showConnect() {
  const at = target();
  const found = at && warehouses.find((one) => one.region === at.region && one.id === (at.ClusterIdentifier ?? at.WorkgroupName));
  const lines = found?.host ? connectionLines({ ...found, home }, at.Database).flatMap(command) : [make('p', { class: 'dim' }, 'no warehouse takes connections yet')];
  $('clients').replaceChildren(...lines);
  const environment = [`AWS_ENDPOINT_URL=${location.origin}`, `AWS_REGION=${home}`, `AWS_DEFAULT_REGION=${home}`, 'AWS_ACCESS_KEY_ID=test', 'AWS_SECRET_ACCESS_KEY=test'];
  $('environment').replaceChildren(
    ...command(['Environment', environment.map((line) => `export ${line}`).join('\n')]),
    make('p', { class: 'dim' }, 'Any access key works if its secret is the same text. Buckets stand in the path: force_path_style, where a client asks.'));
}

// ---- statements

let statements = [];

async function loadHistory() {
  if (!target()) return $('history').replaceChildren(make('p', { class: 'dim' }, 'no warehouse takes statements yet'));
  statements = await query(`select start_time, username, status, elapsed_time / 1000.0, returned_rows, query_text, error_message from sys_query_history
    where query_text not like '/* page */%' order by start_time desc, query_id desc limit ${STATEMENTS_SHOWN}`);
  showHistory();
  const rejected = await query(`select start_time, file_name, line_number, column_name, error_code, error_message from sys_load_error_detail
    order by start_time desc, file_name, line_number limit ${STATEMENTS_SHOWN}`);
  const text = (at) => (row) => String(row[at] ?? '').trim();
  const columns = [['time', (row) => time(row[0])], ['file', text(1), 'wide'], ['line', (row) => row[2], 'number'], ['column', text(3)], ['code', (row) => row[4], 'number'], ['error', text(5)]];
  $('rejected').replaceChildren(table(columns, rejected, 'none'));
}

function showHistory() {
  const words = $('search').value.toLowerCase();
  const isShown = (row) => (!$('failed').checked || row[2].trim() !== 'success') && `${row[1]} ${row[5]} ${row[6] ?? ''}`.toLowerCase().includes(words);
  const status = (row) => make('span', { class: row[2].trim() === 'success' ? 'good' : 'bad' }, row[2].trim());
  const text = (row) => make('div', {}, make('code', {}, row[5].trim()), ...(row[6]?.trim() ? [make('div', { class: 'bad' }, row[6].trim())] : []));
  const columns = [['started', (row) => time(row[0])], ['user', (row) => row[1]], ['status', status], ['ms', (row) => Number(row[3]).toFixed(1), 'number'], ['rows', (row) => row[4], 'number'], ['statement', text, 'wide']];
  $('history').replaceChildren(table(columns, statements.filter(isShown), statements.length ? 'none of these' : 'no statements yet'));
}

// ---- what is here

let shown = '';
let warehouses = [];
// The region that the server plays.
let home = '';

// Whether anything has changed since it was shown last.
async function overview() {
  const found = await ask('overview');
  const text = JSON.stringify(found);
  if (text === shown) return false;
  home = found.region;
  $('where').textContent = `account ${found.account}, ${found.region}, version ${found.version}`;
  warehouses = [
    ...found.clusters,
    ...found.workgroups.map((group) => ({
      id: group.workgroupName, region: group.region, status: group.status, node_type: 'serverless', nodes: `${group.baseCapacity} RPU`, created: group.creationDate,
      host: group.endpoint?.address, port: group.endpoint?.port, database: group.database, user: group.user, secret: group.secret, workgroup: true,
    })),
  ];
  const state = (row) => make('span', { class: /^available$/i.test(row.status) ? 'good' : 'dim' }, row.status);
  const columns = [['name', (row) => row.id], ['region', (row) => row.region], ['state', state], ['nodes', (row) => `${row.nodes} ${row.node_type}`], ['database', (row) => row.database ?? ''], ['admin', (row) => row.user ?? ''], ['PostgreSQL at', (row) => (row.host ? `${row.host}:${row.port}` : '')], ['created', (row) => time(row.created)]];
  $('warehouses').replaceChildren(table(columns, warehouses, 'no cluster and no workgroup yet'));
  const bucket = (row) => make('button', { class: 'link', onclick: () => browse(row.name, '') }, row.name);
  const facts = (row) => [row.mounted && 'a mounted directory', row.policy && 'policy', row.public_access_blocked && 'public access blocked', row.versioning && `versioning ${row.versioning.toLowerCase()}`].filter(Boolean).join(', ');
  $('buckets').replaceChildren(table([['bucket', bucket], ['region', (row) => row.region], ['what it has', facts], ['created', (row) => time(row.created)]], found.buckets, 'no buckets yet'));
  $('roles').replaceChildren(...(found.roles.length ? found.roles.map(role) : [make('p', { class: 'dim' }, 'no roles yet')]));
  const seconds = (value) => (value ? time(new Date(value * 1000).toISOString()) : '');
  const secretColumns = [['name', (row) => row.Name], ['ARN', (row) => row.ARN, 'wide'], ['managed by', (row) => row.OwningService ?? ''], ['created', (row) => seconds(row.CreatedDate)], ['deleted', (row) => seconds(row.DeletedDate)]];
  $('names').replaceChildren(table(secretColumns, found.secrets, 'no secrets yet'));
  await showDatabases();
  shown = text;
  return true;
}

async function showDatabases() {
  const targets = [];
  for (const house of warehouses.filter((house) => /^available$/i.test(house.status))) {
    const at = { region: house.region, ...(house.workgroup ? { WorkgroupName: house.id } : { ClusterIdentifier: house.id }) };
    const first = house.database ?? 'dev';
    const found = await data('ListDatabases', { ...at, Database: first }).catch(() => ({ Databases: [first] }));
    for (const database of found.Databases) targets.push({ ...at, Database: database });
  }
  const before = $('database').value;
  $('database').replaceChildren(...targets.map((at) => make('option', { value: JSON.stringify(at) }, `${at.ClusterIdentifier ?? at.WorkgroupName} / ${at.Database}`)));
  if (targets.some((at) => JSON.stringify(at) === before)) $('database').value = before;
  await showDatabase();
}

// What depends on the database that is chosen.
async function showDatabase() {
  const name = $('database').selectedOptions[0]?.textContent ?? '';
  document.querySelectorAll('.database-name').forEach((element) => (element.textContent = name));
  showConnect();
  await showTables();
  if (current() === 'statements') await loadHistory();
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function role(found) {
  const policy = (title, text) => [make('h3', { class: 'dim' }, title), make('pre', {}, pretty(text))];
  return make('details', {}, make('summary', {}, make('strong', {}, found.name), ' ', make('span', { class: 'dim' }, found.arn)),
    ...policy('who may assume it', found.trust),
    ...Object.entries(found.inline).flatMap(([name, text]) => policy(`inline policy ${name}`, text)),
    ...(found.attached.length ? [make('p', {}, `attached: ${found.attached.join(', ')}`)] : []),
    make('p', { class: 'dim' }, Object.entries(found.tags).map(([key, value]) => `${key} = ${value}`).join(', ')));
}

async function browse(bucket, prefix, after = '') {
  try {
    const found = await ask(`objects?${new URLSearchParams({ bucket, prefix, after })}`);
    const crumb = (text, to) => make('button', { class: 'link', onclick: () => browse(bucket, to) }, text);
    const parts = prefix.split('/').filter(Boolean);
    const crumbs = [crumb(bucket, ''), ...parts.flatMap((part, at) => [' / ', crumb(part, `${parts.slice(0, at + 1).join('/')}/`)])];
    const entries = [...found.prefixes.map((name) => ({ name, folder: true })), ...found.objects.map((object) => ({ ...object, name: object.key }))];
    const open = (row) => make('button', { class: 'link', onclick: () => (row.folder ? browse(bucket, row.name) : look(bucket, row.name)) }, row.name.slice(prefix.length) || row.name);
    const columns = [['name', open], ['bytes', (row) => (row.folder ? '' : row.size), 'number'], ['changed', (row) => time(row.modified)]];
    const more = found.next ? [make('p', {}, make('button', { onclick: () => browse(bucket, prefix, found.next) }, 'more'))] : [];
    $('objects').replaceChildren(make('h2', {}, ...crumbs), table(columns, entries, 'nothing here'), ...more);
    $('object').replaceChildren();
    $('objects').querySelector('table button')?.focus();
  } catch (error) {
    trouble(error);
  }
}

async function look(bucket, key) {
  try {
    const found = await ask(`object?${new URLSearchParams({ bucket, key })}`);
    const text = found.text === null ? `${found.size} bytes that are no text` : pretty(found.text);
    $('object').replaceChildren(make('h2', {}, key, ' ', make('small', {}, `${found.size} bytes${found.cut ? ', the first 65,536 of them' : ''}`)), make('pre', { tabindex: 0 }, text));
    $('object').scrollIntoView({ block: 'nearest' });
  } catch (error) {
    trouble(error);
  }
}

// ---- moving about

async function refresh() {
  try {
    const changed = await overview();
    trouble(null);
    return changed;
  } catch (error) {
    trouble(error);
    return false;
  }
}

const current = () => location.hash.slice(1) || 'redshift';

function turn() {
  for (const section of document.querySelectorAll('section')) section.classList.toggle('shown', section.id === current());
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === `#${current()}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  scrollTo(0, 0);
  // The history is asked for when it is looked at, and not again and again: each question is part of it.
  refresh().then((changed) => (current() === 'statements' && !changed ? loadHistory() : null)).catch(trouble);
}

$('again').addEventListener('click', () => loadHistory().catch(trouble));
$('search').addEventListener('input', showHistory);
$('failed').addEventListener('change', showHistory);
$('sql').addEventListener('submit', run);
$('database').addEventListener('change', () => showDatabase().catch(trouble));
$('text').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) run(event);
});
addEventListener('hashchange', turn);
setInterval(() => document.hidden || refresh(), REFRESH_MS);
turn();
