/** The directives that our unit files use. An unknown one is refused, not passed over. */
import { z } from 'zod';

const one = (pattern: RegExp, what: string) => z.tuple([z.string().regex(pattern, `must be ${what}`)]);
const text = one(/./, 'some text');
const yes = one(/^yes$/, 'yes');
const span = one(/^(\d+(h|min|s) ?)+$/, 'a time span, as 5min');
const path = one(/^\/\S+$/, 'an absolute path');
const codes = one(/^\d+( \d+)*$/, 'exit codes');
const unitName = one(/^[\w.@-]+\.(target|service)$/, 'the name of a unit');
const optional = <T extends z.ZodType>(schema: T) => schema.optional();

export const serviceSchema = z.strictObject({
  Unit: z.strictObject({
    Description: text,
    Documentation: one(/^(file|https):\/\//, 'a URL'),
    Wants: unitName,
    After: unitName,
    StartLimitIntervalSec: span,
    StartLimitBurst: one(/^[1-9]\d*$/, 'a count'),
  }),
  Service: z.strictObject({
    Type: one(/^oneshot$/, 'oneshot: a night ends'),
    User: one(/^(?!root$)[a-z][\w-]*$/, 'a user other than root'),
    Group: one(/^(?!root$)[a-z][\w-]*$/, 'a group other than root'),
    WorkingDirectory: path,
    Environment: one(/^PATH=\S*\/node_modules\/\.bin:/, 'the PATH with node_modules/.bin first'),
    EnvironmentFile: path,
    ExecStart: text,
    TimeoutStartSec: span,
    TimeoutStopSec: span,
    Restart: one(/^on-failure$/, 'on-failure'),
    RestartSec: span,
    RestartPreventExitStatus: codes,
    StateDirectory: one(/^[\w/-]+$/, 'a name below /var/lib'),
    UMask: one(/^0\d{3}$/, 'an octal number'),
    NoNewPrivileges: yes,
    ProtectSystem: one(/^strict$/, 'strict'),
    ProtectHome: one(/^(yes|read-only|tmpfs)$/, 'yes, read-only or tmpfs'),
    PrivateTmp: yes,
    ProtectKernelTunables: yes,
    ProtectKernelModules: yes,
    ProtectKernelLogs: yes,
    ProtectControlGroups: yes,
    ProtectClock: yes,
    ProtectHostname: yes,
    RestrictAddressFamilies: one(/^AF_INET AF_INET6 AF_UNIX$/, 'the families of networks'),
    RestrictNamespaces: yes,
    RestrictRealtime: yes,
    RestrictSUIDSGID: yes,
    LockPersonality: yes,
    CapabilityBoundingSet: one(/^$/, 'empty'),
    SystemCallArchitectures: one(/^native$/, 'native'),
    Nice: optional(one(/^\d+$/, 'a number')),
    IOSchedulingClass: optional(one(/^(idle|best-effort)$/, 'idle or best-effort')),
  }),
});

export const timerSchema = z.strictObject({
  Unit: z.strictObject({ Description: text }),
  Timer: z.strictObject({
    OnCalendar: one(/^\*-\*-\* \d\d:\d\d:\d\d UTC$/, "a time of every day, as '*-*-* 01:17:00 UTC'"),
    Persistent: one(/^true$/, 'true: a night that the machine slept through is made up for'),
    Unit: unitName,
  }),
  Install: z.strictObject({ WantedBy: one(/^timers\.target$/, 'timers.target') }),
});
