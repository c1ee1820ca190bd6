"""What each report says: frames in, computed sentences out. One file per report; nothing is calculated here but words."""
