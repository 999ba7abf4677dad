import { type Refused, refused } from '@claw-run/core';

/** What systemd says of unit files (systemctl(1), `is-enabled`). */
const states = [
  'enabled',
  'enabled-runtime',
  'linked',
  'linked-runtime',
  'alias',
  'masked',
  'masked-runtime',
  'static',
  'indirect',
  'disabled',
  'generated',
  'transient',
  'bad',
] as const;

type UnitFileState = (typeof states)[number];

/** Whether it starts at boot by itself, where that can be told, and why it is not ours to change. */
interface Row {
  readonly boots?: boolean;
  readonly fixed?: readonly [because: string, hint: string];
}

const rows: { readonly [state in UnitFileState]: Row } = {
  enabled: { boots: true },
  disabled: { boots: false },
  'enabled-runtime': {
    fixed: [
      'it is enabled until the next boot alone',
      'decide by hand: `systemctl enable`, or `disable --runtime`',
    ],
  },
  linked: {
    boots: false,
    fixed: [
      'its file is linked from elsewhere, and `systemctl disable` would remove that link too',
      'install the file in /etc/systemd/system, or enable it by hand',
    ],
  },
  'linked-runtime': {
    fixed: ['its file is linked until the next boot alone', 'install the file in /etc/systemd/system'],
  },
  alias: { fixed: ['it is another name of a unit', 'name the unit itself'] },
  masked: { boots: false, fixed: ['it is masked', 'find out why; `systemctl unmask` allows it'] },
  'masked-runtime': {
    fixed: ['it is masked until the next boot alone', 'find out why; `systemctl unmask --runtime` ends it'],
  },
  static: {
    boots: false,
    fixed: ['it is static', 'a unit without [Install] is started by others; leave `enabled` out'],
  },
  indirect: {
    fixed: [
      'it is indirect: others that its [Install] names are enabled in its place',
      'name the unit or the instance that is to start',
    ],
  },
  generated: {
    fixed: [
      'it is generated from another file, such as a SysV script or fstab',
      'change what it is made of: `update-rc.d` or `chkconfig` for a script in /etc/init.d',
    ],
  },
  transient: { fixed: ['it is transient and gone after a boot', 'install a unit file'] },
  bad: { fixed: ['systemd cannot read its unit file', 'see `systemctl status`'] },
};

/** The state of a unit file that starts at boot or does not; refused where that state cannot be had, or is unknown. */
export function wantedUnitFile(
  unit: string,
  state: string,
  enabled: boolean,
): { readonly unitFile: string } | Refused {
  const known = states.find((one) => one === state);
  const { boots, fixed }: Row =
    known === undefined
      ? {
          fixed: [
            `systemd says ${state === '' ? 'nothing' : `"${state}"`} of its unit file`,
            'leave `enabled` out',
          ],
        }
      : rows[known];
  if (boots === enabled) return { unitFile: state };
  if (fixed === undefined) return { unitFile: enabled ? 'enabled' : 'disabled' };
  return refused(`${unit} cannot be ${enabled ? 'enabled' : 'disabled'}: ${fixed[0]}`, fixed[1]);
}
