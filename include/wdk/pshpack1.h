/*
 * pshpack1.h: the structures that follow are packed to 1 byte, until <poppack.h>.
 */
#pragma pack(push, 1)
