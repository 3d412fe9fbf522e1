#!/usr/bin/env bash
# Checks that slices made by GNU parallel and by a Slurm array join to the bytes of the serial run.
#   Tests/interop/cluster.sh .build/release [--slurm]
# With --slurm the array runs on a Slurm of this machine alone (slurm-wlm of Debian), which is started and stopped; else
# its tasks run one after the other, as Slurm would start them.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
binaries=$(cd "$1" && pwd)
export PATH=$binaries:$PATH
# Tasks of Slurm see this folder under the same name.
folder=$(mktemp -d)
daemons=()
trap '[ ${#daemons[@]} -eq 0 ] || { kill "${daemons[@]}"; wait; }; rm -rf "$folder"' EXIT
cd "$folder"

cp "$top/examples/potentials/Si.sw" .
xyz-build diamond --species Si -a 5.431 --supercell 2 2 2 |
  xyz-perturb --mode localized --radius 4 --amplitude 0.05 --samples 10 --seed 2 > frames.xyz
xyz-convert --no-history frames.xyz -o frames.h5
label=(site-entropy -p Si.sw)
for suffix in xyz h5; do "${label[@]}" frames.$suffix -o serial.$suffix; done

same() { cmp "$1" "$2" && echo "cluster: $3: the same bytes"; }

for suffix in xyz h5; do
  JOBS=3 "$top/examples/cluster/parallel.sh" frames.$suffix parallel.$suffix 3 "${label[@]}"
  same serial.$suffix parallel.$suffix "parallel, $suffix"
done
if JOBS=2 "$top/examples/cluster/parallel.sh" frames.xyz none.xyz 3 site-entropy -p missing.sw 2> /dev/null; then exit 1; fi
[ ! -e none.xyz ] && ! ls | grep -q slices

start_slurm() {
  local name
  name=$(hostname -s)
  mkdir -p state spool
  cat > slurm.conf <<CONF
ClusterName=test
SlurmctldHost=$name(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
NodeName=$name NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
  export SLURM_CONF=$folder/slurm.conf
  mkdir -p /run/munge
  pgrep -x munged > /dev/null || { chown munge: /run/munge; runuser -u munge -- munged --force; }
  slurmctld -D > slurmctld.log 2>&1 & daemons+=($!)
  slurmd -D > slurmd.log 2>&1 & daemons+=($!)
  for _ in $(seq 50); do
    sinfo -h -o %T 2> /dev/null | grep -q idle && return
    sleep 0.5
  done
  echo "cluster: Slurm does not start: $(tail -n 1 slurmctld.log slurmd.log | tr '\n' ' ')" >&2
  return 1
}

array=("$top/examples/cluster/array.sbatch" frames.xyz slices 3 "${label[@]}")
if [ "${2:-}" = --slurm ]; then
  start_slurm
  sbatch --wait --array=0-3 "${array[@]}"
else
  for task in 0 1 2 3; do SLURM_ARRAY_TASK_ID=$task SLURM_CPUS_PER_TASK=1 "${array[@]}"; done
fi
xyz-convert --no-history slices/* -o array.xyz
same serial.xyz array.xyz "array ${2:-}"
