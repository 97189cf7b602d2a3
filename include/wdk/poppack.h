/*
 * poppack.h: structures are packed as before the last <pshpack1.h>, 2, 4 or 8.
 */
#pragma pack(pop)
