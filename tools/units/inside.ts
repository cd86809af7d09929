// Runs in the container of tools/units/main.ts, as root and under its systemd.
import { mkdirSync, writeFileSync } from 'node:fs'
import { runChecks } from '../support/checks.ts'
import { run } from '../support/run.ts'
import { checksOfLabs } from './labs.ts'
import { checksOfPatroni } from './patroni.ts'
import { systemctl } from './systemctl.ts'

await run('ip', ['link', 'set', 'lo', 'up'])
// it would wait two minutes for a network
await systemctl('mask', 'systemd-networkd-wait-online.service')
// runuser asks PAM, whose files are not in /usr
mkdirSync('/etc/pam.d')
writeFileSync('/etc/pam.d/runuser', 'auth sufficient pam_rootok.so\naccount sufficient pam_permit.so\nsession sufficient pam_permit.so\n')
await runChecks({ ...checksOfLabs, ...checksOfPatroni })
