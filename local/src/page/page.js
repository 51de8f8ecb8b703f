// What the page shows and asks. Nothing of a name or a value is ever read as HTML: everything goes through textContent.
'use strict';

const $ = (id) => document.getElementById(id);
const MARK = '/* page */ ';
const REFRESH_MS = 5000;
const ROWS_SHOWN = 1000;

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// Columns: [title, row → text or element, class].
function table(columns, rows, none) {
  if (!rows.length) return make('p', { class: 'dim' }, none);
  const cell = (row) => ([, of, kind]) => {
    const value = of(row);
    if (value === null || value === undefined) return make('td', { class: `null ${kind ?? ''}` }, 'null');
    return make('td', { class: kind }, value instanceof Node ? value : String(value));
  };
  const head = make('thead', {}, make('tr', {}, ...columns.map(([title, , kind]) => make('th', { scope: 'col', class: kind === 'number' ? kind : undefined }, title))));
  const body = make('tbody', {}, ...rows.map((row) => make('tr', {}, ...columns.map(cell(row)))));
  return make('div', { class: 'scroll' }, make('table', {}, head, body));
}

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
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.message ?? `HTTP ${answer.status}`);
  return told;
}

const data = (operation, input) => ask(`data/${operation}`, { method: 'POST', body: JSON.stringify(input) });

// ---- SQL

const place = () => JSON.parse($('place').value || 'null');

async function statement(at, sql) {
  const { Id } = await data('ExecuteStatement', { ...at, Sql: sql, WaitTimeSeconds: 30 });
  for (;;) {
    const told = await data('DescribeStatement', { Id, WaitTimeSeconds: 30 });
    if (told.Status === 'FAILED' || told.Status === 'ABORTED') throw new Error(told.Error ?? told.Status);
    if (told.Status === 'FINISHED') return told;
  }
}

async function rows(told) {
  const found = { columns: [], rows: [], more: false };
  let token;
  do {
    const page = await data('GetStatementResult', { Id: told.Id, NextToken: token });
    found.columns = page.ColumnMetadata;
    found.rows.push(...page.Records.map((record) => record.map((field) => (field.isNull ? null : Object.values(field)[0]))));
    token = page.NextToken;
  } while (token && found.rows.length < ROWS_SHOWN);
  found.more = Boolean(token) || found.rows.length > ROWS_SHOWN;
  found.rows.length = Math.min(found.rows.length, ROWS_SHOWN);
  return found;
}

const query = async (sql) => rows(await statement(place(), MARK + sql));
const isNumber = (column) => /^(int|float|numeric|decimal|oid)/.test(column.typeName);

async function run(event) {
  event?.preventDefault();
  const sql = $('text').value.trim();
  if (!sql) return;
  if (!place()) {
    $('state').textContent = 'there is no warehouse to run it in yet';
    return;
  }
  $('state').textContent = 'running …';
  $('state').className = '';
  const started = performance.now();
  try {
    const told = await statement(place(), sql);
    const seconds = ((performance.now() - started) / 1000).toFixed(2);
    if (told.HasResultSet) {
      const found = await rows(told);
      const columns = found.columns.map((column, at) => [column.label ?? column.name, (row) => row[at], isNumber(column) ? 'number' : 'code']);
      $('result').replaceChildren(table(columns, found.rows, 'no rows'));
      $('state').textContent = `${found.more ? `the first ${ROWS_SHOWN} of ${told.ResultRows}` : found.rows.length} rows in ${seconds} s`;
    } else {
      $('result').replaceChildren();
      $('state').textContent = `done in ${seconds} s${told.ResultRows > 0 ? `, ${told.ResultRows} rows` : ''}`;
    }
    await showTables();
  } catch (error) {
    $('result').replaceChildren();
    $('state').textContent = error.message;
    $('state').className = 'bad';
  }
}

async function showTables() {
  if (!place()) return $('tables').replaceChildren();
  const found = await query(
    'select t.schema_name, t.table_name, coalesce(i.tbl_rows, 0), i.diststyle, i.sortkey1 from svv_redshift_tables t ' +
    'left join svv_table_info i on i."schema" = t.schema_name and i."table" = t.table_name ' +
    "where t.table_type = 'TABLE' order by 1, 2");
  const open = (row) => make('button', { class: 'link', onclick: () => {
    const name = (text) => (/^[a-z_][a-z0-9_]*$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`);
    $('text').value = `select * from ${name(row[0])}.${name(row[1])} limit 100`;
    run();
  } }, row[1]);
  const columns = [['schema', (row) => row[0]], ['table', open], ['rows', (row) => row[2], 'number'], ['distribution', (row) => row[3]], ['sort key', (row) => row[4] ?? '']];
  $('tables').replaceChildren(table(columns, found.rows, 'no tables yet'));
}

async function showHistory() {
  if (!place()) return $('history').replaceChildren(make('p', { class: 'dim' }, 'no warehouse'));
  $('statements-place').textContent = $('place').selectedOptions[0].textContent;
  const found = await query(`select start_time, username, status, elapsed_time / 1000.0, returned_rows, query_text, error_message from sys_query_history
    where query_text not like '/* page */%' order by start_time desc, query_id desc limit 100`);
  const status = (row) => make('span', { class: row[2].trim() === 'success' ? 'good' : 'bad' }, row[2].trim());
  const text = (row) => make('div', {}, make('code', {}, row[5].trim()), ...(row[6]?.trim() ? [make('div', { class: 'bad' }, row[6].trim())] : []));
  const columns = [['started', (row) => String(row[0]).slice(0, 19)], ['user', (row) => row[1]], ['status', status], ['ms', (row) => Number(row[3]).toFixed(1), 'number'], ['rows', (row) => row[4], 'number'], ['statement', text, 'wide']];
  $('history').replaceChildren(table(columns, found.rows, 'no statements yet'));
}

// ---- what is here

let shown = '';

async function overview() {
  const told = await ask('overview');
  const text = JSON.stringify(told);
  if (text === shown) return;
  $('where').textContent = `account ${told.account}, ${told.region}, version ${told.version}`;
  const state = (row) => make('span', { class: /^available$/i.test(row.status) ? 'good' : 'dim' }, row.status);
  const warehouses = [
    ...told.clusters,
    ...told.workgroups.map((group) => ({
      id: group.workgroupName, status: group.status, node_type: 'serverless', nodes: `${group.baseCapacity} RPU`, created: group.creationDate,
      endpoint: group.endpoint?.address ? `${group.endpoint.address}:${group.endpoint.port}` : null, database: group.database, workgroup: true,
    })),
  ];
  const columns = [['name', (row) => row.id], ['state', state], ['nodes', (row) => `${row.nodes} ${row.node_type}`], ['database', (row) => row.database ?? ''], ['PostgreSQL clients at', (row) => row.endpoint ?? ''], ['created', (row) => String(row.created ?? '').slice(0, 19).replace('T', ' ')]];
  $('warehouses').replaceChildren(table(columns, warehouses, 'no cluster and no workgroup yet'));
  const bucket = (row) => make('button', { class: 'link', onclick: () => browse(row.name, '') }, row.name);
  const facts = (row) => [row.mounted && 'a mounted directory', row.policy && 'policy', row.public_access_blocked && 'public access blocked', row.versioning && `versioning ${row.versioning.toLowerCase()}`].filter(Boolean).join(', ');
  $('buckets').replaceChildren(table([['bucket', bucket], ['region', (row) => row.region], ['what it has', facts], ['created', (row) => row.created.slice(0, 19).replace('T', ' ')]], told.buckets, 'no buckets yet'));
  $('roles').replaceChildren(...(told.roles.length ? told.roles.map(role) : [make('p', { class: 'dim' }, 'no roles yet')]));
  await showPlaces(warehouses);
  shown = text;
}

async function showPlaces(warehouses) {
  const places = [];
  for (const house of warehouses.filter((house) => /^available$/i.test(house.status))) {
    const at = house.workgroup ? { WorkgroupName: house.id } : { ClusterIdentifier: house.id };
    const first = house.database ?? 'dev';
    const found = await data('ListDatabases', { ...at, Database: first }).catch(() => ({ Databases: [first] }));
    for (const database of found.Databases) places.push({ ...at, Database: database });
  }
  const before = $('place').value;
  $('place').replaceChildren(...places.map((at) => make('option', { value: JSON.stringify(at) }, `${at.ClusterIdentifier ?? at.WorkgroupName} / ${at.Database}`)));
  if (places.some((at) => JSON.stringify(at) === before)) $('place').value = before;
  await showTables();
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
    const columns = [['name', open], ['bytes', (row) => (row.folder ? '' : row.size), 'number'], ['changed', (row) => (row.modified ?? '').slice(0, 19).replace('T', ' ')]];
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
    await overview();
    trouble(null);
  } catch (error) {
    trouble(error);
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
  refresh().then(() => (current() === 'statements' ? showHistory() : null)).catch(trouble);
}

$('again').addEventListener('click', () => showHistory().catch(trouble));
$('sql').addEventListener('submit', run);
$('place').addEventListener('change', () => showTables().catch(trouble));
$('text').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) run(event);
});
addEventListener('hashchange', turn);
setInterval(() => document.hidden || refresh(), REFRESH_MS);
turn();
