"""The page at /_local in headless Chromium: looked at, worked by keyboard, and out of reach of other pages."""

import ast
import contextlib
import http.server
import os
import shlex
import shutil
import sys
import tempfile
import threading

import boto3
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from stack import PASSWORD, stack

if not (shutil.which("chromium") and shutil.which("chromedriver")):
    print("Chromium is not here: all as it should be")
    sys.exit()

PAGE = os.environ["AWS_ENDPOINT_URL"] + "/_local"
# A name that would run, were it ever read as HTML.
EVIL = "<img src=x onerror=document.title='evil'>.json"
# A database whose name would run, were it pasted into a shell as it is.
EVIL_DATABASE = "it's $(touch evil)"
# Every section, for what holds of each of them.
SECTIONS = ["Redshift", "Connect", "Statements", "S3", "IAM", "Secrets"]
ATTACK = """<script>
const told = [];
const done = () => { if (told.length === 3) document.title = told.join(' '); };
fetch('%PAGE%/api/overview').then(() => told.push('read'), () => told.push('kept')).then(done);
fetch('%PAGE%/api/data/ExecuteStatement', {method: 'POST', body: '%SQL%'}).then(() => told.push('read'), () => told.push('kept')).then(done);
fetch('%PAGE%/api/data/ExecuteStatement', {method: 'POST', mode: 'no-cors', body: '%SQL%'}).then(() => told.push('sent'), () => told.push('kept')).then(done);
</script>"""


@contextlib.contextmanager
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    with tempfile.TemporaryDirectory() as profile:
        for option in ["headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update",
                       "disable-sync", "disable-dev-shm-usage", "window-size=960,1000", f"user-data-dir={profile}"]:
            options.add_argument(f"--{option}")
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
        try:
            yield driver
        finally:
            driver.quit()


@contextlib.contextmanager
def other_site(text):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


with stack("page") as (_, bucket, cluster), browser() as driver:
    s3 = boto3.client("s3")
    s3.put_object(Bucket=bucket, Key=f"days/{EVIL}", Body=b'{"a": 1}')
    s3.put_object(Bucket=bucket, Key="page.html", Body=b"<script>document.title = window.origin</script>", ContentType="text/html")

    def shows(element, text):
        try:
            WebDriverWait(driver, 20).until(lambda _: text in driver.find_element(By.ID, element).text)
        except Exception:
            raise AssertionError(f"{text!r} is not in {driver.find_element(By.ID, element).text!r}") from None

    def press(*keys):
        driver.switch_to.active_element.send_keys(*keys)

    driver.get(PAGE)
    shows("warehouses", "available")
    endpoint = cluster["Endpoint"]
    shows("warehouses", f"{endpoint['Address']}:{endpoint['Port']}")

    # SQL, by keyboard alone.
    shows("database", "page / dev")
    text = driver.find_element(By.ID, "text")
    text.click()
    press("create table songs (id int, name varchar(20)); ", Keys.BACKSPACE, Keys.BACKSPACE, Keys.CONTROL, Keys.ENTER)
    shows("state", "done in")
    shows("tables", "songs")
    text.clear()
    text.click()
    press("insert into songs values (1, '<b>one</b>'), (2, null)", Keys.CONTROL, Keys.ENTER)
    shows("state", "2 rows")
    text.clear()
    text.click()
    press("select id, name from songs order by id", Keys.CONTROL, Keys.ENTER)
    shows("result", "<b>one</b>")
    shows("result", "null")
    text.clear()
    text.click()
    press("select * from nowhere", Keys.CONTROL, Keys.ENTER)
    shows("state", 'relation "nowhere" does not exist')
    # Columns with their types, and the table's rows.
    driver.find_element(By.XPATH, "//summary[strong='songs']").send_keys(Keys.ENTER)
    shows("tables", "character varying(20)")
    driver.find_element(By.XPATH, "//details[summary/strong='songs']//button").send_keys(Keys.ENTER)
    shows("result", "<b>one</b>")
    # They do not vanish while the list is drawn again.
    columns = "document.querySelector('#tables details > div')"
    assert driver.execute_script(f"const before = {columns}; await showTables(); return before.isConnected && before.textContent.includes('varying(20)')")
    if picture := os.environ.get("SPARKIFY_PAGE_PICTURE"):
        driver.save_screenshot(picture)

    driver.find_element(By.LINK_TEXT, "Statements").send_keys(Keys.ENTER)
    shows("history", "select * from nowhere")
    shows("history", "failed")
    shows("history", "insert into songs values")
    driver.find_element(By.ID, "failed").click()
    shows("history", 'relation "nowhere" does not exist')
    assert "insert into songs" not in driver.find_element(By.ID, "history").text
    driver.find_element(By.ID, "search").send_keys("no such words")
    shows("history", "none of these")

    # How to connect: without a password, and every name as one word.
    driver.find_element(By.LINK_TEXT, "Connect").send_keys(Keys.ENTER)
    shows("clients", f"psql -h {endpoint['Address']} -p {endpoint['Port']} -U admin -d dev")
    shows("clients", f"jdbc:postgresql://{endpoint['Address']}:{endpoint['Port']}/dev?user=admin")
    shows("environment", f"export AWS_ENDPOINT_URL={os.environ['AWS_ENDPOINT_URL']}")
    assert PASSWORD not in driver.page_source
    words = driver.execute_script("return [shellWord(arguments[0]), connectionLines({id: 'c', host: 'h', port: 1, user: arguments[0]}, arguments[0])]", EVIL_DATABASE)
    assert shlex.split(words[0]) == [EVIL_DATABASE], words
    lines = dict(words[1])
    assert shlex.split(lines["psql"])[-1] == EVIL_DATABASE, lines
    call = ast.parse(lines["Python"], mode="eval").body
    assert ast.literal_eval(next(keyword.value for keyword in call.keywords if keyword.arg == "dbname")) == EVIL_DATABASE, lines
    assert not any(sign in lines["JDBC"] for sign in " $('"), lines

    driver.find_element(By.LINK_TEXT, "S3").send_keys(Keys.ENTER)
    shows("buckets", bucket)
    driver.find_element(By.XPATH, f"//button[text()='{bucket}']").send_keys(Keys.ENTER)
    shows("objects", "days/")
    press(Keys.ENTER)
    shows("objects", EVIL)
    press(Keys.ENTER)
    shows("object", '"a": 1')

    driver.find_element(By.LINK_TEXT, "IAM").send_keys(Keys.ENTER)
    shows("roles", "arn:aws:iam::")
    driver.find_element(By.CSS_SELECTOR, "#roles summary").send_keys(Keys.ENTER)
    shows("roles", "redshift.amazonaws.com")

    boto3.client("secretsmanager").create_secret(Name="page/secret", SecretString="a-value-that-nobody-sees")
    driver.find_element(By.LINK_TEXT, "Secrets").send_keys(Keys.ENTER)
    shows("names", "page/secret")
    shows("names", ":secret:page/secret-")
    assert "a-value-that-nobody-sees" not in driver.page_source

    # A phone, by day and by night: nothing is wider than the screen, and the page is dark where it should be.
    backgrounds = set()
    for scheme in ["light", "dark"]:
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 375, "height": 812, "deviceScaleFactor": 1, "mobile": True})
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        for section in SECTIONS:
            driver.find_element(By.LINK_TEXT, section).click()
            width = driver.execute_script("return document.documentElement.scrollWidth")
            assert width <= 375, f"{section} is {width} pixels wide"
        backgrounds.add(driver.execute_script("return getComputedStyle(document.body).backgroundColor"))
    assert backgrounds == {"rgb(255, 255, 255)", "rgb(20, 24, 30)"}, backgrounds
    assert driver.title == "Local AWS", driver.title
    severe = [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
    assert not severe, severe

    # A page that is an object in a bucket has an origin of its own.
    driver.get(s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "page.html"}))
    assert driver.title == "", driver.title

    # A page of another origin reads nothing, and what it sends is not done.
    sql = '{"ClusterIdentifier": "page", "Database": "dev", "Sql": "create table evil (id int)"}'
    with other_site(ATTACK.replace("%PAGE%", PAGE).replace("%SQL%", sql)) as address:
        driver.get(address)
        WebDriverWait(driver, 20).until(lambda _: driver.title)
        assert driver.title.count("kept") >= 2 and "read" not in driver.title, driver.title
    data = boto3.client("redshift-data")
    assert [table["name"] for table in data.list_tables(ClusterIdentifier="page", Database="dev", SchemaPattern="public")["Tables"]] == ["songs"]
print("the page: all as it should be")
