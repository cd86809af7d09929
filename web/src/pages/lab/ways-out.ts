import type { FindingCode } from '../../api/generated/schema.d.ts'

const fix = 'Look at the slot, then press Fix on the page of the plate.'

/** What a person does about each finding. */
export const waysOut: Readonly<Record<FindingCode, string>> = {
  'duplicate-barcode': 'Two plates have the same barcode. Look at both, and press Label on the page of one.',
  'slot-shared': fix, 'container-twice': fix, 'lid-on-and-parked': 'Look whether the lid is on, then press Fix on the page of the plate.', 'container-on-retired-device': fix,
  'removed-container-in-slot': fix, 'container-without-place': 'Find it, then press Fix on its page.', 'container-in-waste': 'Press Take off on its page.',
  'unlisted-device': 'Add the device to the lab file, or retire it.',
  'steps-running-long': 'Look at the device. If the step is over, press Say how it ended on its page.',
  'step-overdue': 'Look at the device. If the step is over, press Say how it ended on its page.',
  'steps-excluded': 'Open the steps. Correct their times, or decide whether estimates use them.', 'steps-doubtful': 'Open the steps. Correct their times, or exclude them from estimates.',
  'move-disagrees': 'Look where the plate is, then press Fix on its page.', 'container-missing': 'Find it and scan it: its page says where it was last. Or take stock of the device.',
  'run-not-learnt': 'Nothing to do in the lab: other runs are not affected. Tell whoever looks after the service.',
  'experiment-paused-ahead': 'Open the run and resume it. If it does stand still, pause it again without a time.',
  'backup-old': 'Nothing to do in the lab. Tell whoever looks after the service: the backup of every night does not run.',
  'labware-does-not-fit': 'Look whether it really stands there. Move it, or correct its type or what fits into the slot.'
}
