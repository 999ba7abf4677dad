/**
 * A shell line, as root on a lab host with Slurm: its one node takes jobs, or the line fails and says how the node is. A drained or silent node would be
 * a different world than the one that a test means: Slurm drains a node by itself, for one where a job could not be started or ended in time.
 */
export const nodeReady = `node=$(hostname -s)
for try in $(seq 600); do
  case $(sinfo -h -N -p open -o %T) in
    idle|mixed|allocated|completing) break ;;
    down*|drain*) sinfo -h -N -p open -o '%N is %T: %E' >&2; scontrol update NodeName=$node State=RESUME ;;
  esac
  [ $((try % 100)) != 50 ] || systemctl restart slurmd
  [ $try != 600 ] || { sinfo -N -o '%N is %T: %E' >&2; exit 1; }
  sleep 0.1
done`;
