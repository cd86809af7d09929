/** Why there is no backup, or why it is not restored, as a sentence for who asked: what is wrong, and the way out. Told without a stack. */
export class BackupError extends Error {}
