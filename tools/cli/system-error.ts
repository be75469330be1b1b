import { LatchkeyError } from "../../protocol/errors.ts";

/** What a file system says of a path that cannot be used; none of these is our defect. */
const FILE_ERRORS = "EACCES EEXIST EISDIR EMFILE ENOENT ENOSPC ENOTDIR EPERM EROFS".split(" ");

/** Gives a failure of the file system or the database its code; everything else as it is. */
export function withCode(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof LatchkeyError) return error;
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  if (path !== undefined && syscall !== "connect" && FILE_ERRORS.includes(code ?? "")) {
    const message = `${path} cannot be used`;
    return new LatchkeyError("file-unusable", { message, cause: error });
  }
  if (code === "ERR_SQLITE_ERROR") {
    const message = "the server's database cannot be used";
    return new LatchkeyError("file-unusable", { message, cause: error });
  }
  return error;
}
