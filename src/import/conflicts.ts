// What in the old database cannot be here, or does not mean what it says, and how each is settled. `note`: true of every
// such database. `settled`: a contradiction was decided, and somebody may want to look. `dropped`: could not be brought.

export type ConflictLevel = 'note' | 'settled' | 'dropped'

const kinds = {
  'simulation-flag': ['note', 'The old system marks every step as simulated, whatever it was.',
    'Brought in as really done, so that they count for estimates; --keep-simulation keeps the mark.'],
  'step-status-unknown': ['note', 'The old system does not keep whether a step went well.', 'Brought in as completed.'],
  'constant-move-flags': ['note', 'The old system says of every move: lid on before and after, no barcode read.',
    'Brought in as unknown; moves are compared by devices and slots.'],
  'local-times': ['note', 'The old system took the orchestrator\'s local times, which tell no zone, for times of Europe/Berlin.',
    'Read so; --timezone says where the orchestrator\'s clock really was.'],
  'constant-labware-uuid': ['note', 'The old system gives every container the labware_uuid dddddddd-...', 'Left out.'],
  'reported-per-container': ['note', 'A step with several containers is kept once per container, and counts as often.', 'One step with all its containers.'],
  'origin-is-destination': ['note', 'A move that ends where it began: booked before it was logged, or put back after its barcode was read.', 'Brought in as it is.'],
  'clock-change': ['note', 'A step ran into the hour that the clock shows twice in autumn: it may be an hour too long.',
    'Brought in as it is, except where its finish was before its start: then it began an hour earlier.'],

  'device-twice': ['settled', 'Several devices bear one name, as after a set-up that was run twice.', 'One device with the slots of all.'],
  'slots-differ': ['settled', 'A device says another number of slots than it has.', 'As many slots as the highest number tells.'],
  'slot-impossible': ['settled', 'A slot number is negative or over 9,999.', 'Left out; what stands there has no place.'],
  'device-name': ['settled', 'A device has a name that cannot be one here (over 200 characters, control characters, spaces at an end, "." or "..").', 'Its name is mended.'],
  'device-differs-here': ['settled', 'The lab has the device already, with fewer slots or retired.', 'The lab\'s device stays as it is.'],
  'certificate-unusable': ['dropped', 'A device\'s server certificate is no certificate in PEM.', 'Left out.'],
  'certificate-differs-here': ['settled', 'The lab has another certificate of the device.', 'The lab\'s certificate stays.'],

  'two-in-a-slot': ['settled', 'Several containers stand in one slot.', 'The one that a step saw last stays; the others are brought in as removed.'],
  'slot-taken-here': ['settled', 'Something stands or lies in the slot already in the lab as it is here, or the slot is promised.', 'That stays; the container is brought in as removed.'],
  'place-gone': ['settled', 'A container stands in a slot that is not there.', 'Brought in as removed.'],
  'starting-place-gone': ['settled', 'The slot where a container began is not there.', 'It begins where it stands, or in the retired device "gone slots".'],
  'barcode-twice': ['settled', 'Several containers on the platform bear one barcode.', 'The one that a step saw last keeps it; it becomes the others\' name.'],
  'barcode-in-use-here': ['settled', 'The barcode is in use in the lab as it is here.', 'It becomes the container\'s name.'],
  'barcode-none': ['settled', 'The barcode is the text "None" (or empty): none was read.', 'No barcode.'],
  'barcode-like-an-id': ['settled', 'The barcode is shaped like a UUID, which names containers by id here.', 'It becomes the container\'s name.'],
  'barcode-too-long': ['settled', 'The barcode is longer than 200 characters.', 'Its first 200 characters become the container\'s name.'],
  'barcode-unusable': ['settled', 'The barcode cannot be one here (control characters, spaces at an end, "." or "..").', 'Mended if that makes it one; else it becomes the container\'s name.'],
  'lid-on-and-parked': ['settled', 'A lid is on its container and lies somewhere.', 'It is on.'],
  'lid-on-occupied-slot': ['settled', 'A lid lies where a container stands or another lid lies.', 'It is off; where it lies is unknown.'],
  'lid-place-gone': ['settled', 'A lid lies in a slot that is not there.', 'It is off; where it lies is unknown.'],
  'container-differs-here': ['settled', 'A container that was brought in before is elsewhere, or otherwise, in the old database now.', 'It stays as it is here.'],
  'container-project': ['dropped', 'A container belongs to a project, which containers here do not.', 'Left out; of experiments the project is in their metadata.'],

  'process-name': ['settled', 'A process has a name that cannot be one here.', 'Its name is mended.'],
  'process-source': ['settled', 'A process has an empty source, or one with characters that cannot be stored.', 'An empty one becomes a comment that says so; such characters are replaced.'],
  'process-too-long': ['dropped', 'A process has a source of over 4,194,304 characters.', 'Its first 4,194,304 characters.'],
  'id-missing': ['settled', 'A process or an experiment has no UUID.', 'It is given one that every import gives it again.'],
  'id-twice': ['settled', 'Several processes or experiments have one UUID.', 'The first keeps it; the others are given their own.'],
  'experiment-process-gone': ['settled', 'An experiment is of a process that is gone.', 'A process that says so stands for it.'],
  'process-differs-here': ['settled', 'A process with this id is here already, with another name or source.', 'It stays as it is here.'],

  'step-twice': ['settled', 'A step is kept more than once for one container.', 'One step.'],
  'step-device-gone': ['settled', 'A step is of a device that is gone.', 'A device that is known from logs alone stands for it, "device <number> (gone)".'],
  'move-place-gone': ['settled', 'A move began or ended in a slot that is gone.', 'A device that is known from logs alone stands for it, "device of slot <number> (gone)".'],
  'step-container-gone': ['settled', 'A step is of a container that is gone.', 'The step names it "container <number> (gone)".'],
  'step-experiment-gone': ['settled', 'A step is of an experiment that is gone.', 'The step names it "experiment <number> (gone)".'],
  'finish-before-start': ['settled', 'A step finished before it started.', 'Stored as failed with the start as finish, so that it counts for no estimate; a warning keeps what was said.'],
  'data-no-object': ['settled', 'The parameters of a step are JSON, but no object.', 'They become the member `value` of an object.'],
  'data-no-json': ['settled', 'The parameters of a step are no JSON.', 'They become the member `text` of an object.'],
  'data-number': ['settled', 'The parameters of a step hold a number that JSON has not (NaN, Infinity), or one of more digits than can be kept.', 'It becomes null; the long one becomes text.'],
  'data-text': ['settled', 'The parameters of a step hold characters that cannot be stored (NUL, half of a pair).', 'Each is replaced by U+FFFD.'],
  'data-too-large': ['settled', 'The parameters of a step are over 64 KiB, or over 32 levels deep.', 'Their first 32,768 characters become the member `text`; the function stays.'],
  'fct-no-text': ['settled', 'The function of a step is no text of 1 to 200 characters.', 'It becomes text, cut to 200 characters.'],
  'time-unreadable': ['dropped', 'A step has a start or a finish that is no time of the years 1970 to 2999.', 'The step is left out.'],
  'orphan-move': ['dropped', 'A row tells the ends of a move, but the step with its times is gone.', 'Left out.'],
  results: ['dropped', 'The old system has a table of results, which nothing of it fills.', 'Left out: results belong to a data system.']
} as const satisfies Record<string, readonly [ConflictLevel, what: string, settled: string]>

export type ConflictKind = keyof typeof kinds

/** `examples` are the first few, in words; `count` is of all. */
export type Conflict = { kind: ConflictKind, level: ConflictLevel, count: number, what: string, settled: string, examples: string[] }

export type Conflicts = {
  add (kind: ConflictKind, example: string, count?: number): void
  /** Takes over what was collected elsewhere. */
  addAll (others: readonly Conflict[]): void
  /** As the catalogue orders them. */
  list (): Conflict[]
}

const mostExamples = 5
const longestExample = 200

/** Collects conflicts by kind. */
export function collectConflicts (): Conflicts {
  const found = new Map<ConflictKind, { count: number, examples: string[] }>()

  function take (kind: ConflictKind, count: number, examples: readonly string[]): void {
    const known = found.get(kind) ?? { count: 0, examples: [] }
    known.count += count
    known.examples.push(...examples.slice(0, mostExamples - known.examples.length))
    found.set(kind, known)
  }

  return {
    add (kind, example, count = 1) {
      if (count > 0) take(kind, count, [shown(example)])
    },
    addAll (others) {
      for (const { kind, count, examples } of others) take(kind, count, examples)
    },
    list: () => (Object.keys(kinds) as ConflictKind[]).flatMap((kind) => {
      const known = found.get(kind)
      if (known === undefined) return []
      const [level, what, settled] = kinds[kind]
      return [{ kind, level, ...known, what, settled }]
    })
  }
}

function shown (example: string): string {
  const clean = example.toWellFormed().replaceAll(/\p{Cc}/gu, '\uFFFD')
  return clean.length > longestExample ? `${clean.slice(0, longestExample)}…` : clean
}
