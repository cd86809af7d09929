// What cannot be imported as it is, and how it is resolved. `note`: true of every old database. `settled`: a contradiction that
// was resolved; an operator may want to check it. `dropped`: could not be imported.

export type ConflictLevel = 'note' | 'settled' | 'dropped'

const kinds = {
  'simulation-flag': ['note', 'The old system marks every step as simulated.',
    'Imported as real steps, so that they count for estimates; --keep-simulation keeps the mark.'],
  'step-status-unknown': ['note', 'The old system does not record whether a step succeeded.', 'Imported as completed.'],
  'constant-move-flags': ['note', 'The old system records for every move: lid on before and after, no barcode read.',
    'Imported as unknown; moves are compared by devices and slots.'],
  'local-times': ['note', 'The old system interpreted the orchestrator\'s local times, which have no time zone, as times of Europe/Berlin.',
    'Imported in the same way; --timezone gives the real time zone of the orchestrator\'s clock.'],
  'constant-labware-uuid': ['note', 'The old system gives every container the labware_uuid dddddddd-...', 'Left out.'],
  'labware-type-unknown': ['note', 'The old system does not record the labware type of a container.',
    'Imported without one, so nothing says whether a container fits in its slot; once it has a type, `lab health` lists what does not fit.'],
  'reported-per-container': ['note', 'A step with several containers is stored once per container, and counts several times.', 'Imported as one step with all its containers.'],
  'origin-is-destination': ['note', 'A move has the same origin and destination: it was recorded before it was logged, or the container was put back after its barcode was read.', 'Imported as it is.'],
  'clock-change': ['note', 'A step was running in the hour that the clock shows twice in autumn: its duration may be an hour too long.',
    'Imported as it is, except if its finish was before its start: then its start is an hour earlier.'],

  'device-twice': ['settled', 'Several devices have the same name, for example after the set-up was run twice.', 'Imported as one device with the slots of all.'],
  'slots-differ': ['settled', 'The number of slots of a device is not the number of its slot rows.', 'It gets as many slots as the larger number.'],
  'slot-impossible': ['settled', 'A slot number is negative or over 9,999.', 'Left out; what is there has no place.'],
  'device-name': ['settled', 'A device has an invalid name (over 200 characters, control characters, a space at the start or end, "." or "..").', 'Its name is corrected.'],
  'device-differs-here': ['settled', 'The lab already has the device, with fewer slots or retired.', 'The device in the lab stays as it is.'],
  'certificate-unusable': ['dropped', 'The server certificate of a device is not a valid certificate in PEM.', 'Left out.'],
  'certificate-differs-here': ['settled', 'The lab has another certificate of the device.', 'The certificate in the lab stays.'],

  'two-in-a-slot': ['settled', 'Several containers are in one slot.', 'The one with the newest step stays; the others are imported as removed.'],
  'slot-taken-here': ['settled', 'The slot is already occupied or reserved in the lab.', 'The lab stays as it is; the container is imported as removed.'],
  'place-gone': ['settled', 'A container is in a slot that does not exist, or that the lab has retired or made waste.', 'Imported as removed.'],
  'starting-place-gone': ['settled', 'The starting slot of a container does not exist.', 'It starts in its current slot, or in the retired device "gone slots".'],
  'barcode-twice': ['settled', 'Several containers on the platform have the same barcode.', 'The one with the newest step keeps it; for the others it becomes the name.'],
  'barcode-in-use-here': ['settled', 'The barcode is already used in the lab.', 'It becomes the name of the container.'],
  'barcode-none': ['settled', 'The barcode is the text "None" or empty: no barcode was read.', 'No barcode.'],
  'barcode-like-an-id': ['settled', 'The barcode has the form of a UUID, which would be read as the id of a container.', 'It becomes the name of the container.'],
  'barcode-too-long': ['settled', 'The barcode is longer than 200 characters.', 'Its first 200 characters become the name of the container.'],
  'barcode-unusable': ['settled', 'The barcode is invalid (control characters, a space at the start or end, "." or "..").', 'It is corrected; if that is not possible, it becomes the name of the container.'],
  'lid-on-and-parked': ['settled', 'A lid is on its container and also parked in a slot.', 'Imported as on.'],
  'lid-on-occupied-slot': ['settled', 'A lid is in a slot with a container or another lid.', 'Imported as off, with unknown place.'],
  'lid-place-gone': ['settled', 'A lid is in a slot that does not exist, or that the lab has retired or made waste.', 'Imported as off, with unknown place.'],
  'container-differs-here': ['settled', 'A container that was imported before has another state in the old database now.', 'Its state in the lab stays.'],
  'container-project': ['dropped', 'A container belongs to a project; here, containers have no project.', 'Left out; experiments keep the project in their metadata.'],

  'process-name': ['settled', 'A process has an invalid name.', 'Its name is corrected.'],
  'process-source': ['settled', 'The source of a process is empty, or has characters that cannot be stored.', 'An empty source becomes a comment that says so; such characters are replaced.'],
  'process-too-long': ['dropped', 'The source of a process has more than 4,194,304 characters.', 'Its first 4,194,304 characters are imported.'],
  'id-missing': ['settled', 'A process or an experiment has no UUID.', 'It gets a UUID that is the same in every import.'],
  'id-twice': ['settled', 'Several processes or experiments have the same UUID.', 'The first keeps it; the others get new ones.'],
  'experiment-process-gone': ['settled', 'The process of an experiment was deleted.', 'A placeholder process is created.'],
  'process-differs-here': ['settled', 'A process with this id already exists, with another name or source.', 'The existing process stays.'],

  'step-twice': ['settled', 'A step is stored more than once for one container.', 'Imported as one step.'],
  'step-device-gone': ['settled', 'The device of a step was deleted.', 'An unlisted device "device <number> (gone)" is used.'],
  'move-place-gone': ['settled', 'The origin or destination of a move was deleted.', 'An unlisted device "device of slot <number> (gone)" is used.'],
  'step-container-gone': ['settled', 'The container of a step was deleted.', 'The step names it "container <number> (gone)".'],
  'step-experiment-gone': ['settled', 'The experiment of a step was deleted.', 'The step names it "experiment <number> (gone)".'],
  'finish-before-start': ['settled', 'A step finished before it started.', 'Imported as failed with the start as finish, so that no estimate uses it; a warning keeps the original finish.'],
  'data-no-object': ['settled', 'The parameters of a step are JSON, but not an object.', 'They become the member `value` of an object.'],
  'data-no-json': ['settled', 'The parameters of a step are not JSON.', 'They become the member `text` of an object.'],
  'data-number': ['settled', 'The parameters of a step contain NaN or Infinity, which JSON does not allow, or a number with too many digits.', 'NaN and Infinity become null; the long number becomes text.'],
  'data-text': ['settled', 'The parameters of a step contain characters that cannot be stored (NUL, unpaired surrogates).', 'Each is replaced by U+FFFD.'],
  'data-too-large': ['settled', 'The parameters of a step are larger than 64 KiB, or nested deeper than 32 levels.', 'Their first 32,768 characters become the member `text`; the function stays.'],
  'fct-no-text': ['settled', 'The function of a step is not a text of 1 to 200 characters.', 'It becomes text, cut to 200 characters.'],
  'time-unreadable': ['dropped', 'The start or finish of a step is not a time in the years 1970 to 2999.', 'The step is left out.'],
  'orphan-move': ['dropped', 'The origin and destination of a move are stored, but the step with its times was deleted.', 'Left out.'],
  results: ['dropped', 'The old database contains results.', 'Left out: this service does not store results.']
} as const satisfies Record<string, readonly [ConflictLevel, what: string, settled: string]>

export type ConflictKind = keyof typeof kinds

/** `count` is the number of all cases; `examples` are the first five. */
export type Conflict = { kind: ConflictKind, level: ConflictLevel, count: number, what: string, settled: string, examples: string[] }

export type Conflicts = {
  add (kind: ConflictKind, example: string, count?: number): void
  /** Adds conflicts that were collected separately. */
  addAll (others: readonly Conflict[]): void
  /** All conflicts, in the order of the catalogue. */
  list (): Conflict[]
}

const maxExamples = 5
const maxExampleLength = 200

/** Collects conflicts by kind. */
export function collectConflicts (): Conflicts {
  const found = new Map<ConflictKind, { count: number, examples: string[] }>()

  function record (kind: ConflictKind, count: number, examples: readonly string[]): void {
    const known = found.get(kind) ?? { count: 0, examples: [] }
    known.count += count
    known.examples.push(...examples.slice(0, maxExamples - known.examples.length))
    found.set(kind, known)
  }

  return {
    add (kind, example, count = 1) {
      if (count > 0) record(kind, count, [printable(example)])
    },
    addAll (others) {
      for (const { kind, count, examples } of others) record(kind, count, examples)
    },
    list: () => (Object.keys(kinds) as ConflictKind[]).flatMap((kind) => {
      const known = found.get(kind)
      if (known === undefined) return []
      const [level, what, settled] = kinds[kind]
      return [{ kind, level, ...known, what, settled }]
    })
  }
}

function printable (example: string): string {
  const clean = example.toWellFormed().replaceAll(/\p{Cc}/gu, '\uFFFD')
  return clean.length > maxExampleLength ? `${clean.slice(0, maxExampleLength)}…` : clean
}
