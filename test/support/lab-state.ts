type LabState = { revision: number, devices: { name: string }[] }

/** The state of the lab as a read of the log can say it: nobody knows any more which slots were reserved. */
export function withoutReservations (lab: LabState): LabState {
  return { ...lab, devices: lab.devices.map((device) => ({ ...device, reserved: null })) }
}
