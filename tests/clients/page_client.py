"""The page at /_local in headless Chromium: looked at, worked by keyboard, and out of reach of other pages."""

import contextlib
import http.server
import os
import shutil
import sys
import tempfile
import threading

import boto3
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from stack import stack

if not (shutil.which("chromium") and shutil.which("chromedriver")):
    print("Chromium is not here: all as it should be")
    sys.exit()

PAGE = os.environ["AWS_ENDPOINT_URL"] + "/_local"
# A name that would run, were it ever read as HTML.
EVIL = "<img src=x onerror=document.title='evil'>.json"
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
                       "disable-sync", "disable-dev-shm-usage", "window-size=1280,860", f"user-data-dir={profile}"]:
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
    shows("warehouses", f"127.0.0.1:{cluster['Endpoint']['Port']}" if cluster["Endpoint"]["Address"] == "localhost" else cluster["Endpoint"]["Address"])

    # SQL, by keyboard alone.
    shows("place", "page / dev")
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
    driver.find_element(By.XPATH, "//button[text()='songs']").send_keys(Keys.ENTER)
    shows("result", "<b>one</b>")
    if picture := os.environ.get("SPARKIFY_PAGE_PICTURE"):
        driver.save_screenshot(picture)

    driver.find_element(By.LINK_TEXT, "Statements").send_keys(Keys.ENTER)
    shows("history", "select * from nowhere")
    shows("history", "failed")
    shows("history", "insert into songs values")

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
