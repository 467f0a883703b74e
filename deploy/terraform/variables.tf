variable "project" {
  description = "Google Cloud project that everything is made in."
  type        = string
}

variable "region" {
  description = "Region of network and buckets."
  type        = string
  default     = "asia-northeast3"
}

variable "zone" {
  description = "Zone of the instances; one with the GPU, if there is one: gcloud compute accelerator-types list."
  type        = string
  default     = "asia-northeast3-a"

  validation {
    condition     = startswith(var.zone, "${var.region}-")
    error_message = "The zone must lie in the region."
  }
}

variable "bucket_prefix" {
  description = "First part of the buckets' names, unique in all of Google Cloud: PREFIX-landing, -lake, -models."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{2,40}$", var.bucket_prefix))
    error_message = "Lower-case letters, digits and hyphens, 3 to 41 of them."
  }
}

variable "repository" {
  description = "Address that instances clone this project from."
  type        = string

  validation {
    condition     = can(regex("^https://", var.repository))
    error_message = "An https:// address that anybody may clone: instances have no key for it."
  }
}

variable "revision" {
  description = "Commit or tag that instances check out."
  type        = string

  validation {
    condition     = can(regex("^([0-9a-f]{40}|v[0-9][0-9A-Za-z.-]*)$", var.revision))
    error_message = "A whole commit (40 digits) or a tag (v1.2.3): a branch would be another thing tomorrow."
  }
}

variable "machine_type" {
  description = "Of every instance that has no entry in machine_types."
  type        = string
  default     = "e2-standard-4"
}

variable "machine_types" {
  description = "Other machine types by platform, as {airflow = \"e2-standard-8\"}."
  type        = map(string)
  default     = {}
}

variable "disk_gb" {
  description = "Size of every instance's disk, in GB."
  type        = number
  default     = 100

  validation {
    condition     = var.disk_gb >= 100
    error_message = "100 GB at least: images, Spark's scratch and sixty days of metrics lie there."
  }
}

variable "image" {
  description = "Image of the instances: Ubuntu 24.04 LTS, x86-64."
  type        = string
  default     = "projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-amd64"
}

variable "training" {
  description = <<-TEXT
    The MLflow and training instance with a GPU on a Deep Learning VM image, instead of one like the
    others. `image` by its full name, for families move on; CUDA 12.3 is in those of release M125:
    gcloud compute images list --project deeplearning-platform-release --filter='name~common-cu123'
  TEXT
  type = object({
    image        = string
    machine_type = optional(string, "n1-standard-8")
    gpu_type     = optional(string, "nvidia-tesla-t4")
    gpu_count    = optional(number, 1)
  })
  default = null

  validation {
    condition     = var.training == null ? true : !startswith(var.training.machine_type, "e2-")
    error_message = "E2 machines take no GPU: use n1- or g2-."
  }
}

variable "admins" {
  description = "Who may reach the instances by ssh through IAP, as [\"group:platform@example.com\"]."
  type        = list(string)

  validation {
    condition     = alltrue([for who in var.admins : can(regex("^(user|group):", who))])
    error_message = "Each is user:ADDRESS or group:ADDRESS."
  }
}

variable "delete_data" {
  description = "Let destroy remove buckets that hold files. For trials only."
  type        = bool
  default     = false
}
