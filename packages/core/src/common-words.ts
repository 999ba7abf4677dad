/** Words that stand in every runbook, message and file: a secret that is one of them cannot be recognised by its text. */
export const commonWords: ReadonlySet<string> = new Set(
  `absent access account action active add admin administrator after agent allow allowed always any api app application apply audit auth auto available
  backup base before bin blue bool boolean boot both bridge build built bundle cache cause change changed changes channel check class claw client cluster
  code command common compute config configuration connect connection container content control controller core could count create created critical
  current daemon data database date day days debug default delete deleted denied deny deployment detail dev develop development device diff directory
  disable disabled disk dns docker domain done down driver dry dump echo edit editor empty enable enabled end enforcing entry env environment error
  event events every example exec exit export fail failed failure false field file filter find first fix fixed flag fleet folder force found free from
  full gateway get global go grant green group groups guest hash head header health healthy help high home host hostname hosts http https idle image
  import index info init input install installed integer interface internal invalid issue item items job jobs json kernel key keys kind kube kubernetes
  label last latest ldap level library limit line lines linux list listen live load local localhost lock locked log login logs low machine main make
  manager map mark master max medium memory message metadata min mode model monitor mount name names namespace network never new next nfs nginx nobody
  node nodes none normal not nothing null number object off old once only open openclaw operator option options order other output owner package pam
  param params partition pass passwd password path pattern pending permissive ping plan planned pod pods policy pool port ports present primary private
  process prod production profile program project proxy public query queue queued quiet quota rbac reachable read ready reason record red redis refused
  region release reload remote remove report request required reset resource resources restart result resume role roles root route rule rules run runbook
  running runs safe same sandbox save scheduler schema scope script search secret secrets section security seed select server service services session
  set setup shell show shut single size skip skipped slurm socket source spec sshd staging start started starting state status step steps stop stopped
  storage string subject success sudo summary support swap sync syslog system systemd table target targets task team temp template test testing text
  that the then this time timeout title tmp todo token tokens tool top trace true type udp unknown unlimited unset update updated uptime url use used
  user username users using valid value values var verbose verified verify version volume wait warn warning watch web welcome when which with worker
  workers world write yaml yes zone`.split(/\s+/),
);
