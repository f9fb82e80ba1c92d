"""What class weights change where some classes are rare."""
