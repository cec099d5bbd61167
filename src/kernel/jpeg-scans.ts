/**
 * Most scans of a JPEG that is decoded. Cameras and encoders make ten or so. The standard lets a file of 370 kB have a thousand, each of
 * which takes the decoder through all its 50 megapixels once more: half a minute of processor time.
 */
export const MOST_JPEG_SCANS = 100;
