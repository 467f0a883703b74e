# Who is where, and who may ask whom on which port. tests/deploy holds this against the compose
# files, nginx, Prometheus' targets and docs/install.md.

locals {
  # Prometheus' targets and the compose files say it too.
  name = "dowhat"

  platforms = toset(["airflow", "spark", "mlflow", "backend", "monitoring"])

  names = { for platform in local.platforms : platform => "${local.name}-${platform}-1" }

  # What Prometheus asks. `all` are on every instance.
  scraped = {
    all        = { node = 9100, cadvisor = 8088 }
    airflow    = { statsd = 9102 }
    mlflow     = { counted = 9105 }
    backend    = { inner = 8081, nginx = 9113 }
    monitoring = { prometheus = 9090, alertmanager = 9093 }
  }

  # Who else asks whom.
  asked = {
    mlflow  = { from = ["airflow", "spark", "backend"], to = "mlflow", ports = [5000] }
    deadman = { from = ["monitoring"], to = "backend", ports = [9099] }
  }

  # The only ports that the world reaches.
  open = { backend = [80, 443] }
}
